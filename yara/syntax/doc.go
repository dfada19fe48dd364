// Package syntax reads YARA rule files: bytes in, a tree of rules or a list of
// errors with their places out.
//
// It knows the language of YARA 4.5, as its manual and grammar describe it, and
// what YARA-X adds to it: `with`, tuples of conditions in `of`, percentages in
// `for … in`, floats in metadata, texts between three quotes. Where a file is
// wrong every wrong rule is reported, not only the first, and the rules beside
// it are still returned.
//
// The package never looks at what names mean: whether an identifier exists,
// whether types agree, whether a regular expression or a hex string is well
// formed inside is for the compiler to say. It never opens a file, follows no
// include, and takes any bytes: nesting and errors are limited, and the time is
// linear in the length of the source.
package syntax
