package trustlist

// Override makes one list of several in which the earlier decide alone. Where an
// earlier list has an authority of some name, no later one may speak under that
// name or, for a country, under any of its spellings ([CountryNames]). A key
// that the first list withdrew, or limits to some types, thus does not come back
// by the second; and where the first has expired, its names are stale and not
// the second's.
//
// Entries of a later list that have no names left are not taken, nor are any
// that speak for whatever name is signed (Names is nil), unless all lists before
// are empty. [Merge] is for lists that add to each other.
func Override(lists ...*List) *List {
	var infos []Info
	var entries []Entry
	taken := map[string]bool{}
	for _, l := range lists {
		if l == nil {
			continue
		}
		infos = append(infos, l.infos...)
		before := len(entries)
		for _, e := range l.entries {
			if before > 0 {
				if e.speakOnly(func(n string) bool { return !taken[n] }); len(e.Names) == 0 {
					continue
				}
			}
			entries = append(entries, e)
		}
		for _, e := range entries[before:] {
			for _, n := range e.Names {
				taken[n] = true
				for _, other := range CountryNames(n) {
					taken[other] = true
				}
			}
		}
	}
	return index(infos, entries)
}
