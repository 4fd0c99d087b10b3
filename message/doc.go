// Package message says what a mail says: its header, its text, its attachments, its class, its identity.
//
// The raw mail stays where it is, in memory or in a spool file. One pass of our own over its lines (scan.go)
// finds the header, the parts and where each leaf's bytes lie. From that a skeleton is written: the parts'
// Content-* fields between the boundaries, a marker in place of every body. The skeleton is all that the MIME
// library gets to read (enmime, else go-message, else the scan's own reading), so its cost depends on the number
// of parts and never on what is attached. Bodies are decoded from their offsets by readers that forgive: as much
// of a text as is shown, and all of an attachment once, as a stream, for its size and SHA-256.
//
// Files within leaves (in a winmail.dat, uuencoded in a text, attached to an attached mail) follow the leaves among the
// attachments and are streamed from the raw mail as well. A mail system's notice is read by RFC 3464 where it keeps to it,
// else by how its lines are built and which families of words they use (notice.go, bounce.go); no rule knows a vendor.
//
// What attached and returned mails say follows the mail's own text, folded; for the class it counts nothing.
//
// What the sender wrote now is told from what programs and servers put around it (reply.go), by the structure of HTML
// first and then by the lines; what is left out is folded, never dropped.
//
//	Raw → scan → skeleton → enmime → parts described → text, HTML, attachments → class → Content
//
// Invariants, each with a test that tries to break it:
//   - Parse always gives a Content and never panics; what it could not read is in Notices, in plain words.
//   - Time is linear in the size of the mail and bounded by Limits.Budget; memory does not grow with attachments.
//   - Every string in a Content is valid UTF-8 without NUL; a file name has no path parts or hidden characters.
//   - No part is lost: each leaf is part of the shown text, or an attachment, or both.
//   - Text and the folded ranges together are FullText; where nothing would remain, Text is all of it.
//   - Identity is the same for the same mail, whatever trace fields were put on top of it on its way.
package message
