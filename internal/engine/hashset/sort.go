package hashset

import "slices"

// compare orders digests as bytes.
func compare[D digest](x, y *D) int {
	for i := range len(*x) {
		if a, b := (*x)[i], (*y)[i]; a != b {
			return int(a) - int(b)
		}
	}
	return 0
}

func compareEntries[D digest](x, y entry[D]) int { return compare(&x.digest, &y.digest) }

// finish sorts, and drops digests that come again. The sort is stable because
// the first name of a digest is the one to keep.
func (b *builder) finish() *Set {
	s := b.set
	s.sha256 = tidy(s.sha256)
	s.sha1 = tidy(s.sha1)
	s.md5 = tidy(s.md5)
	s.names.blob = slices.Clip(s.names.blob)
	return s
}

func tidy[D digest](list []entry[D]) []entry[D] {
	switch {
	case slices.IsSortedFunc(list, compareEntries[D]):
	case len(list) < 1<<bucketBits:
		slices.SortStableFunc(list, compareEntries[D])
	default:
		list = distribute(list)
		sortBuckets(list)
	}
	list = slices.CompactFunc(list, func(x, y entry[D]) bool { return x.digest == y.digest })
	return slices.Clip(list)
}

// bucketBits of a digest choose its bucket. Digests are spread evenly, so a
// bucket of a list of eight million has some hundred entries; sorting the
// whole at once took several times as long.
const bucketBits = 16

func bucket[D digest](d *D) int { return int((*d)[0])<<8 | int((*d)[1]) }

// distribute puts the entries of each bucket together, in their old order.
func distribute[D digest](list []entry[D]) []entry[D] {
	next := make([]int, 1<<bucketBits+1)
	for i := range list {
		next[bucket(&list[i].digest)+1]++
	}
	for i := 1; i < len(next); i++ {
		next[i] += next[i-1]
	}
	out := make([]entry[D], len(list))
	for i := range list {
		b := bucket(&list[i].digest)
		out[next[b]] = list[i]
		next[b]++
	}
	return out
}

func sortBuckets[D digest](list []entry[D]) {
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && bucket(&list[to].digest) == bucket(&list[from].digest) {
			to++
		}
		slices.SortStableFunc(list[from:to], compareEntries[D])
		from = to
	}
}
