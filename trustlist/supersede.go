package trustlist

import (
	"errors"
	"fmt"
	"time"
)

// ErrRollback says that a list is older than the one already held.
var ErrRollback = errors.New("trustlist: older than the list held")

// Supersedes returns nil where l may take the place of old: nothing in it was
// issued before what it replaces. Else the error wraps [ErrRollback]: who can
// withhold a newer list must not be able to bring back keys that it withdrew.
//
// Lists are compared by the name of their source, and with the oldest part of l
// where l has none of that name. A list that does not say when it was issued
// supersedes only one that does not either. Whether l has expired is for
// [List.Authorize]; old may be nil.
func (l *List) Supersedes(old *List) error {
	if old == nil {
		return nil
	}
	issued := map[string]time.Time{}
	for _, info := range l.infos {
		if t, ok := issued[info.Name]; !ok || info.Issued.Before(t) {
			issued[info.Name] = info.Issued
		}
	}
	for _, was := range old.infos {
		now, ok := issued[was.Name]
		if !ok {
			now = l.Issued()
		}
		if now.Before(was.Issued) {
			return fmt.Errorf("%w: issued %s, held one of %s", ErrRollback, when(now), when(was.Issued))
		}
	}
	return nil
}

func when(t time.Time) string {
	if t.IsZero() {
		return "at no stated time"
	}
	return t.UTC().Format(time.RFC3339)
}
