// Package spelling writes any bytes in characters that can be printed, reads them
// back, and guesses which word a misspelt one was meant to be. It is pure: it
// knows no terminal and no file.
package spelling

import "slices"

// Nearest gives up to three of the words that word may have been meant to be,
// best first: those within one typing error for every three letters, and three
// errors at most.
func Nearest(word string, words []string) []string {
	type near struct {
		word string
		far  int
	}
	limit := min(3, max(1, len(word)/3))
	var found []near
	for _, w := range words {
		if far := distance(word, w, limit); far <= limit {
			found = append(found, near{w, far})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return a.far - b.far })
	var out []string
	for _, f := range found {
		if len(out) < 3 && !slices.Contains(out, f.word) {
			out = append(out, f.word)
		}
	}
	return out
}

// distance counts the letters to insert, delete, replace or swap to make b of
// a, without regard to case. It stops counting above limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	two, one, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range one {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			row[j] = min(one[j]+1, row[j-1]+1, one[j-1]+differ(a[i-1], b[j-1]))
			if i > 1 && j > 1 && differ(a[i-1], b[j-2]) == 0 && differ(a[i-2], b[j-1]) == 0 {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		two, one, row = one, row, two
	}
	return one[len(b)]
}

func differ(a, b byte) int {
	if lower(a) == lower(b) {
		return 0
	}
	return 1
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
