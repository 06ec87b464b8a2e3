// Package qr writes credentials as QR codes and reads QR codes from pictures.
//
// A health certificate is text that was made for a QR code: `HC1:` and base45,
// whose 45 characters are exactly those of the code's alphanumeric mode, so
// that two characters take 11 bits instead of 16. [PNG] and [SVG] write such
// text, or any other, at error correction level Q, which survives the loss of
// a quarter of the code: the level that the European Union's technical
// specifications ask of certificates that will be folded and photographed. The
// version (the size in modules) is the smallest that holds the text.
//
// [Read] is the way back, from a picture file to the text. It is meant for
// pictures of one code, such as scans, screenshots and photographs, and says
// nothing about the text: give that to a verifier.
//
//	text, err := qr.Read(file)
//	…
//	result, err := verifier.Verify(ctx, []byte(text), policy)
//
// All functions are pure and safe for concurrent use.
package qr

import (
	"errors"
	"fmt"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// The reasons why a code is not written or read.
var (
	// ErrTooLong: the text is longer than a code of version 40 holds at level
	// Q. The error names both lengths.
	ErrTooLong = errors.New("text too long for a QR code")
	// ErrText: the text is empty or not UTF-8.
	ErrText = errors.New("text cannot be put in a QR code")
	// ErrOptions: an option is outside its range.
	ErrOptions = errors.New("QR code option out of range")
	// ErrImage: not a PNG or JPEG, a damaged one, or one too large to open.
	ErrImage = errors.New("not a picture that can be read")
	// ErrNoCode: the picture was opened, but no QR code could be read in it.
	ErrNoCode = errors.New("no QR code found in the picture")
)

const (
	defaultScale = 6
	quietZone    = 4 // ISO/IEC 18004:2015 section 6.3.8
	maxModules   = 177
	maxQuietZone = 64
)

// Options says how a code is drawn. The zero value is a good code for screen
// and print.
type Options struct {
	// Scale is the width of a module: in a PNG in pixels, in an SVG in CSS
	// pixels (1/96 inch) at its natural size. Zero means 6, with which a
	// certificate of 500 characters prints about 5 cm wide at 300 pixels per
	// inch. A picture has at most 40 million pixels.
	Scale int
	// QuietZone is the width of the white border in modules. Zero means 4, the
	// least that ISO/IEC 18004:2015 section 6.3.8 allows; at most 64.
	QuietZone int
	// Title is the accessible name of an SVG, empty for none. It shows to
	// whoever opens the file. A PNG has no title.
	Title string
}

// withDefaults fills in what is zero and refuses what is out of range, before
// the text is looked at.
func (o Options) withDefaults() (Options, error) {
	if o.Scale == 0 {
		o.Scale = defaultScale
	}
	if o.QuietZone == 0 {
		o.QuietZone = quietZone
	}
	if o.QuietZone < quietZone || o.QuietZone > maxQuietZone {
		return o, fmt.Errorf("qr: %w: quiet zone of %d modules, want %d to %d", ErrOptions, o.QuietZone, quietZone, maxQuietZone)
	}
	side := int64(maxModules + 2*o.QuietZone)
	if o.Scale < 0 || int64(o.Scale) > limits.ImagePixels || side*side*int64(o.Scale)*int64(o.Scale) > limits.ImagePixels {
		return o, fmt.Errorf("qr: %w: scale %d makes a picture of more than %d pixels", ErrOptions, o.Scale, limits.ImagePixels)
	}
	return o, nil
}
