// Package ruleset turns what a user names with --rules into compiled rules: a
// file, a directory, a zip archive that is read in memory, or a file of rules
// compiled beforehand.
//
// It follows includes, but never out of the directory or archive the rules lie
// in. It reports everything that is wrong with every file, not only the first
// error, and gives the set an identity that anybody can compute again:
//
//	sha256sum FILES… | cut -c1-64 | sort -u | sha256sum
//
// It never writes anything and never fetches rules from anywhere.
package ruleset
