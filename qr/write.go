package qr

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strconv"
	"strings"
	"unicode/utf8"

	qrcode "github.com/skip2/go-qrcode"
)

// The most characters of each mode in version 40 at level Q (ISO/IEC
// 18004:2015 table 7).
const (
	maxNumeric      = 3993
	maxAlphanumeric = 2420
	maxByte         = 1663
)

// PNG draws the text as a QR code at error correction level Q: black on white,
// one bit for each pixel. Characters of base45 take the alphanumeric mode, and
// the numeric one where a long run of digits makes that shorter; other text is
// written as UTF-8. Errors wrap [ErrTooLong], [ErrText] or [ErrOptions].
func PNG(text string, o Options) ([]byte, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	modules, err := encode(text)
	if err != nil {
		return nil, err
	}
	side := (len(modules) + 2*o.QuietZone) * o.Scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y, row := range modules {
		first := img.Pix[(y+o.QuietZone)*o.Scale*img.Stride:][:img.Stride]
		for x, black := range row {
			if black {
				left := (x + o.QuietZone) * o.Scale
				for i := range o.Scale {
					first[left+i] = 1
				}
			}
		}
		for i := 1; i < o.Scale; i++ {
			copy(img.Pix[((y+o.QuietZone)*o.Scale+i)*img.Stride:], first)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("qr: %w", err)
	}
	return out.Bytes(), nil
}

// SVG draws the text as PNG does, as one path of horizontal strokes on a white
// background, so that it stays sharp at any size. Its user unit is a module.
// The text itself is not in the file other than as the code. Errors are those
// of [PNG].
func SVG(text string, o Options) ([]byte, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	modules, err := encode(text)
	if err != nil {
		return nil, err
	}
	side := len(modules) + 2*o.QuietZone
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" shape-rendering="crispEdges">`,
		side*o.Scale, side*o.Scale, side, side)
	if o.Title != "" {
		out.WriteString("<title>")
		if err := xml.EscapeText(&out, []byte(o.Title)); err != nil {
			return nil, fmt.Errorf("qr: title: %w", err)
		}
		out.WriteString("</title>")
	}
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#fff"/><path stroke="#000" d="`, side, side)
	for y, row := range modules {
		out.WriteString(strokes(row, o.QuietZone, y+o.QuietZone))
	}
	out.WriteString("\"/></svg>\n")
	return out.Bytes(), nil
}

// strokes draws one row of modules, its centre line at half a module below y.
func strokes(row []bool, left, y int) string {
	var d strings.Builder
	pen := 0
	for x := 0; x < len(row); {
		if !row[x] {
			x++
			continue
		}
		end := x + 1
		for end < len(row) && row[end] {
			end++
		}
		if d.Len() == 0 {
			d.WriteString("M" + strconv.Itoa(left+x) + " " + strconv.Itoa(y) + ".5")
		} else {
			d.WriteString("m" + strconv.Itoa(x-pen) + " 0")
		}
		d.WriteString("h" + strconv.Itoa(end-x))
		pen, x = end, end
	}
	return d.String()
}

// encode returns the modules of the code, rows of black (true) and white,
// without a quiet zone.
func encode(text string) ([][]bool, error) {
	if text == "" {
		return nil, fmt.Errorf("qr: %w: it is empty", ErrText)
	}
	if len(text) > maxNumeric {
		return nil, tooLong(text)
	}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("qr: %w: it is not UTF-8", ErrText)
	}
	// The writer calls its level of 25 % (Q) High and that of 30 % (H) Highest.
	code, err := qrcode.New(text, qrcode.High)
	if err != nil { // it knows no other reason
		return nil, tooLong(text)
	}
	code.DisableBorder = true
	return code.Bitmap(), nil
}

// tooLong names the limit of the mode that the text as a whole would take. A
// text of several modes may fit beyond it, and is then not refused.
func tooLong(text string) error {
	most, mode := maxNumeric, "digits"
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
		case c >= 'A' && c <= 'Z' || strings.IndexByte(" $%*+-./:", c) >= 0:
			if most == maxNumeric {
				most, mode = maxAlphanumeric, "alphanumeric characters"
			}
		default:
			most, mode = maxByte, "bytes"
		}
	}
	return fmt.Errorf("qr: %w: it has %d bytes, a code of level Q holds %d %s", ErrTooLong, len(text), most, mode)
}
