package picture

// Clean is a file as outside people get to see it: a picture without the place where it was taken, anything else as it is. The error is that of
// Strip for a picture that cannot be cleaned: it is not to be shown then.
func Clean(b []byte) ([]byte, error) {
	if KindOf(b) == Other {
		return b, nil
	}
	return Strip(b)
}
