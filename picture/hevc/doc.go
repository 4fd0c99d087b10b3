// Package hevc decodes the coded pictures of phone photos, in a sandbox.
//
// HEVC stills (ITU-T H.265) need a decoder of many thousand lines, and those that exist are written in C. This one is
// libde265 within libheif, compiled to WebAssembly and run by wazero: pure Go for us, and what goes wrong in it stays in
// it, since its code reaches nothing but a memory that we lend it. It is handed no stranger's container but one that
// is written here around one coded picture. Its memory is a slice of known size. Its time is counted in steps: the module is
// rewritten when it is loaded, so that each loop and each function takes from a counter and stops at zero. (wazero's own
// way to stop a running call makes decoding eight times slower.) Each picture gets an instance of its own: nothing is left
// over from one to the next.
//
//	heif.wasm.gz → meter: count steps → compile, once, at the first picture
//	Still → container → instance: memory and steps lent → planes → image.Image
//
// Invariants: no more than the given number of decodings run at once; none takes more memory than its Limits, nor more
// steps; nothing is compiled before there is a picture to decode; the module reads no file, no clock and no network.
//
// heif.wasm.gz comes unchanged from another project and under another licence (LGPL 3): see README.md beside it.
package hevc
