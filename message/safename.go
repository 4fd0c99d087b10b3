package message

// SafeName returns a file name as this package shows it: without path parts, NUL, control or hidden characters,
// at most 200 bytes, and made up where nothing is left.
func SafeName(name string) string { return fileName(name, "application/octet-stream", 0) }
