package qr

import (
	"fmt"

	"github.com/makiuchi-d/gozxing"
	zxing "github.com/makiuchi-d/gozxing/qrcode"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// minModules is the width of a code of version 1.
const minModules = 21

// Read returns the text of the QR code in a picture, a PNG or JPEG file of at
// most 16 MiB and 40 million pixels (20 million with 16 bits a sample or in a
// colour JPEG). The code may be turned, skewed, mirrored, light on dark, on a
// transparent background or without its quiet zone, but wants two pixels or
// more for each module, or exactly one. Of several codes at most one is read.
// What a code holds as bytes is taken for UTF-8 if it is that, and otherwise
// for Shift JIS or Latin-1, unless the code says which it is.
//
// The error wraps [ErrImage] or [ErrNoCode]; a code that is too damaged or too
// small to be read counts as none. Give the text to a verifier before you
// believe it.
func Read(image []byte) (string, error) {
	full, err := open(image)
	if err != nil {
		return "", err
	}
	if full.w < minModules || full.h < minModules {
		return "", fmt.Errorf("qr: %w: it has %d by %d pixels, the smallest code has %d modules a side", ErrNoCode, full.w, full.h, minModules)
	}
	if text, ok := search(full.within(limits.ImageSearch)); ok {
		return text, nil
	}
	// A small code in a large photograph is lost when that is shrunk.
	if large := full.within(limits.ImageDetail); len(large.pix) > limits.ImageSearch {
		if text, ok := decode(large, gozxing.NewHybridBinarizer, gozxing.DecodeHintType_TRY_HARDER); ok {
			return text, nil
		}
	}
	return "", fmt.Errorf("qr: %w", ErrNoCode)
}

// search tries the picture and its negative at several sizes. The finder's
// luck depends on how the modules fall on the pixels, so that another size
// often gives what the first did not: larger where a module is few pixels wide,
// a little smaller or larger where it is turned.
func search(p picture) (string, bool) {
	negative := p.invert()
	for _, size := range []struct{ num, den int }{{1, 1}, {3, 2}, {3, 1}, {2, 1}, {5, 4}, {3, 4}, {1, 2}} {
		if len(p.pix)*size.num*size.num > 2*limits.ImageSearch*size.den*size.den {
			continue
		}
		for _, polarity := range []picture{p, negative} {
			if text, ok := decodeEachWay(polarity.resize(size.num, size.den)); ok {
				return text, true
			}
		}
	}
	return "", false
}

// decodeEachWay begins with what reads a drawn code at once, goes on with a
// threshold for each neighbourhood, which is what a photograph needs, and ends
// with one threshold for all, which small modules need.
func decodeEachWay(p picture) (string, bool) {
	if text, ok := decode(p, gozxing.NewGlobalHistgramBinarizer, gozxing.DecodeHintType_PURE_BARCODE); ok {
		return text, true
	}
	if text, ok := decode(p, gozxing.NewHybridBinarizer, gozxing.DecodeHintType_TRY_HARDER); ok {
		return text, true
	}
	return decode(p, gozxing.NewGlobalHistgramBinarizer, gozxing.DecodeHintType_TRY_HARDER)
}

// decode runs the reader once. The reader indexes by what it finds in the
// picture, so that whatever it panics over counts as no code.
func decode(p picture, binarizer func(gozxing.LuminanceSource) gozxing.Binarizer, hint gozxing.DecodeHintType) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	source, err := gozxing.NewPlanarYUVLuminanceSource(p.pix, p.w, p.h, 0, 0, p.w, p.h, false)
	if err != nil {
		return "", false
	}
	bitmap, err := gozxing.NewBinaryBitmap(binarizer(source))
	if err != nil {
		return "", false
	}
	// Its work grows with the cube of the number of places that look like a
	// corner, and a panic in this callback is the only way to stop it.
	found := 0
	count := func(gozxing.ResultPoint) {
		if found++; found > limits.FinderPatterns {
			panic("qr: too many finder patterns")
		}
	}
	result, err := zxing.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{
		hint: true,
		gozxing.DecodeHintType_NEED_RESULT_POINT_CALLBACK: gozxing.ResultPointCallback(count),
	})
	if err != nil {
		return "", false
	}
	return result.GetText(), result.GetText() != ""
}
