// Package picture makes mailed photos fit to be shown: thumbnails the right way up, and copies without the place where
// they were taken.
//
// Whoever photographs his kitchen sends where he lives. A copy for outside people keeps every pixel as it is: only the
// blocks of the file that hold Exif, XMP and the like are left out, and the one thing that they say about showing the
// picture, its orientation, is put back in a block of our own. JPEG, PNG and WebP are rewritten so; in a HEIC, which phones
// write, those blocks are blanked where they stand. Other kinds are never passed on as clean. A thumbnail is decoded, made
// small, turned and encoded anew, so that nothing of the original's metadata is left in it.
//
// A HEIC is a container of items. What it says of them is read here (items.go, look.go); the coded pictures themselves are decoded
// in a sandbox (package hevc), part by part, each made small at once (mosaic.go). The thumbnail that phones put into the file
// is shown for the picture where it is good enough (preview.go). How such a picture stands is said by its properties alone.
//
//	bytes → kind (by the bytes, not the name) → blocks → Strip: copy without places
//	                                                   → Thumbnail: decode, bounded → scale → turn → JPEG
//	HEIC → items, properties → parts → hevc, one by one → scale ↗
//
// Invariants: no input makes it panic; a picture that would take more than MaxPixels or MaxMemory is refused before memory is
// taken for it; a HEIC takes a counted number of steps, and no more are decoded at once than the Maker was made for; Strip
// keeps the pixels bit for bit; what Strip gives holds no position.
package picture
