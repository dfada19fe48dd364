// Package hunting finds rules that would fire on documents rather than on code.
//
// A virus scanner that fetches rules can be turned on the files of the people
// it protects: a rule that asks for a classification marking, for private keys, for a name,
// makes it search for secrets. Such a rule need not say what it is for, and its
// words may be in any language, encoding or disguise. So what counts is not
// what a rule says of itself but what its condition would accept: of all the ways in
// which it can be satisfied the one is taken that asks most for what documents
// hold (markings, secrets, selectors of persons and machines, formats of
// documents) and least for what only code holds (executable formats, bytes of
// code, names of functions, words of malware). The less code that way needs, the
// worse the finding.
//
// The package sees only the tree of a parsed file. It never reads files, compiles
// nothing, and takes any tree the parser gives.
package hunting
