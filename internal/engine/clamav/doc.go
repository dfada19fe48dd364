// Package clamav reads ClamAV's databases and finds in objects what they
// describe, under the names they give: digests of files and of PE sections,
// bodies and logical signatures, YARA rules, and names and sizes of members of
// archives. The formats are those of ClamAV's signature manual; what of them
// is not supported is counted and said, never passed over.
//
// The package is given readers and bytes. It opens no file, runs no bytecode
// and reaches no network.
package clamav
