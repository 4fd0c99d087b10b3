// Package peers holds the tests that run the real program against the world: mail programs that others wrote, mails
// that others sent, a full disk, a power cut. It has no code but its tests.
//
//	swaks, Postfix, clamd, rspamd, corpora, mbox, a dialogue of our own → the program (testrig) → API, verify → what must be there
//
// Invariants of the tests:
//   - Nothing of the machine is used but loopback: each peer runs from a private folder, on ports of its own.
//   - A test ends what it started, and nothing else.
//   - No test waits for a time; it awaits what is to happen, with a deadline.
//   - A peer that is not installed skips its test with a reason, and fails it where SMARTMAIL_PEERS is "required".
package peers
