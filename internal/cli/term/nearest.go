package term

import "vitrine/internal/spelling"

// Nearest gives up to three of the words that word may have been meant to be,
// best first.
func Nearest(word string, words []string) []string { return spelling.Nearest(word, words) }
