// Package files is the protected machine's files as a scanner meets them: it
// walks trees and shows the bytes of one file at a time.
//
// It follows symbolic links that its caller names and none that it finds. It
// never blocks on a FIFO, a socket or a device, never enters the kernel's own
// file systems from outside, never walks in a circle, and never leaves a file
// out without saying so. It writes nothing and judges nothing. A name is bytes:
// it may hold newlines, need not be UTF-8, and may be longer than the kernel
// takes in one piece.
package files
