// Package authenticode reads the signatures of a Windows executable: PKCS #7
// (RFC 2315) with Microsoft's contents, as "Windows Authenticode Portable
// Executable Signature Format" describes, their certificates (RFC 5280) and
// the countersignatures of time stamp servers (PKCS #9 and RFC 3161).
//
// It answers what a file claims and whether the claim fits the file: digests,
// signatures and the chain as the certificates in the file give it. It knows no
// trusted roots, looks at no clock and asks no server for revocation: a
// verified signature is one that was made over this file with the key of the
// certificate shown, whoever that belongs to.
//
// Parse shows signatures as libyara does, Outer what of the first one can be
// read however much is wrong with it.
//
// Only definite lengths are read, as DER has them. All counts are capped.
package authenticode
