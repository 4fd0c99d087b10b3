// Package corpus measures the product against public test material that nobody of the project wrote: the sets of
// ../shared/corpora, whose README says what each expectation means and how to compare. It holds tests alone.
//
// Each row of the scoreboard counts the cases of one set that come out as its origin expects. A figure below its floor
// in floors.json fails; the floors are raised by hand, with -update-floors, and never sink.
//
//	set → cases → message → expectation held against it → passed of total → table, floor
//
// Invariants: a case that two origins judge differently is not counted; where the sets are not present nothing is
// measured and the test says so; a floor is only ever raised.
package corpus
