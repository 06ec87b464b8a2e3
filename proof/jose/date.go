package jose

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

// lastDate is the last second of the year 9999.
const lastDate = 253402300799

var errDate = errors.New("not a time between 1970 and 9999, in seconds")

// NumericDate reads a time in the claims of a token (RFC 7519, section 2), which
// may have a fraction of a second; an absent one is zero. It is for the packages
// of this module.
func NumericDate(v jcs.Value) (time.Time, error) {
	if !v.Exists() {
		return time.Time{}, nil
	}
	s, _ := v.Number()
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > lastDate {
		return time.Time{}, errDate
	}
	whole, part := math.Modf(f)
	return time.Unix(int64(whole), int64(part*1e9)).UTC(), nil
}
