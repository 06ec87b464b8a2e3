package qr

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// picture is a greyscale image, row by row; 0 is black.
type picture struct {
	w, h int
	pix  []byte
}

// open decodes a PNG or JPEG. It is told apart by its first bytes and not by
// the image package's registry, so that another package's decoders stay out.
func open(file []byte) (picture, error) {
	if len(file) > limits.Image {
		return picture{}, fmt.Errorf("qr: %w: file of %d bytes, at most %d", ErrImage, len(file), limits.Image)
	}
	switch {
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		config, err := png.DecodeConfig(bytes.NewReader(file))
		if err != nil {
			return picture{}, fmt.Errorf("qr: %w: %v", ErrImage, err)
		}
		// An interlaced picture is decoded by passes, beside the whole.
		if err := affordable(config, 2*pixelBytes(config.ColorModel)); err != nil {
			return picture{}, err
		}
		return flatten(png.Decode(bytes.NewReader(file)))
	case bytes.HasPrefix(file, []byte("\xff\xd8\xff")):
		config, err := jpeg.DecodeConfig(bytes.NewReader(file))
		if err != nil {
			return picture{}, fmt.Errorf("qr: %w: %v", ErrImage, err)
		}
		if n := bytes.Count(file, []byte("\xff\xda")); n > limits.ImageScans {
			return picture{}, fmt.Errorf("qr: %w: %d scans, at most %d", ErrImage, n, limits.ImageScans)
		}
		// A progressive one holds a 32-bit coefficient for each sample.
		if err := affordable(config, 5*pixelBytes(config.ColorModel)); err != nil {
			return picture{}, err
		}
		return flatten(jpeg.Decode(bytes.NewReader(file)))
	}
	return picture{}, fmt.Errorf("qr: %w: neither PNG nor JPEG", ErrImage)
}

// affordable judges a picture by its header: a file of a few bytes may
// announce any size.
func affordable(config image.Config, bytesPerPixel int64) error {
	w, h := int64(config.Width), int64(config.Height)
	if w < 1 || h < 1 || w > limits.ImagePixels || h > limits.ImagePixels ||
		w*h > limits.ImagePixels || w*h*bytesPerPixel > limits.ImageMemory {
		return fmt.Errorf("qr: %w: %d by %d pixels are too many", ErrImage, w, h)
	}
	return nil
}

func pixelBytes(model color.Model) int64 {
	switch model {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.YCbCrModel:
		return 3
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	if _, ok := model.(color.Palette); ok {
		return 1
	}
	return 4
}

// flatten takes what a decoder returned to grey on a white background.
func flatten(img image.Image, err error) (picture, error) {
	if err != nil {
		return picture{}, fmt.Errorf("qr: %w: %v", ErrImage, err)
	}
	b := img.Bounds()
	p := picture{b.Dx(), b.Dy(), make([]byte, b.Dx()*b.Dy())}
	switch img := img.(type) {
	case *image.Gray:
		for y := range p.h {
			copy(p.pix[y*p.w:][:p.w], img.Pix[y*img.Stride:])
		}
	case *image.Paletted:
		var greys [256]byte
		for i, c := range img.Palette {
			greys[i] = grey(c.RGBA())
		}
		for y := range p.h {
			for x, i := range img.Pix[y*img.Stride:][:p.w] {
				p.pix[y*p.w+x] = greys[i]
			}
		}
	case image.RGBA64Image:
		for y := range p.h {
			for x := range p.w {
				c := img.RGBA64At(b.Min.X+x, b.Min.Y+y)
				p.pix[y*p.w+x] = grey(uint32(c.R), uint32(c.G), uint32(c.B), uint32(c.A))
			}
		}
	default:
		return picture{}, fmt.Errorf("qr: %w: colours of an unknown kind", ErrImage)
	}
	return p, nil
}

// grey is the luminance (ITU-R BT.601, as in image/color) of an
// alpha-premultiplied colour laid on white.
func grey(r, g, b, a uint32) byte {
	white := 0xffff - a
	return byte((19595*(r+white) + 38470*(g+white) + 7471*(b+white) + 1<<15) >> 24)
}

// within averages squares of pixels until there are at most so many; what does
// not fill a square, at the right and at the bottom, is dropped.
func (p picture) within(pixels int) picture {
	k := 1
	for (p.w/k)*(p.h/k) > pixels {
		k++
	}
	if k == 1 {
		return p
	}
	q := picture{p.w / k, p.h / k, make([]byte, (p.w/k)*(p.h/k))}
	sums := make([]int, q.w)
	for y := range q.h {
		clear(sums)
		for i := range k {
			row := p.pix[(y*k+i)*p.w:]
			for x := range q.w {
				for _, v := range row[x*k:][:k] {
					sums[x] += int(v)
				}
			}
		}
		for x, sum := range sums {
			q.pix[y*q.w+x] = byte(sum / (k * k))
		}
	}
	return q
}

// resize scales by num/den, mixing each pixel of the four nearest (bilinear).
func (p picture) resize(num, den int) picture {
	if num == den {
		return p
	}
	q := picture{p.w * num / den, p.h * num / den, nil}
	q.pix = make([]byte, q.w*q.h)
	columns := make([]blend, q.w)
	for x := range columns {
		columns[x] = blendAt(x, num, den, p.w)
	}
	for y := range q.h {
		v := blendAt(y, num, den, p.h)
		above, below := p.pix[v.first*p.w:][:p.w], p.pix[v.second*p.w:][:p.w]
		row := q.pix[y*q.w:][:q.w]
		for x, h := range columns {
			top := int(above[h.first])*(256-h.part) + int(above[h.second])*h.part
			bottom := int(below[h.first])*(256-h.part) + int(below[h.second])*h.part
			row[x] = byte((top*(256-v.part) + bottom*v.part + 1<<15) >> 16)
		}
	}
	return q
}

// blend names two neighbouring pixels of one axis and the second's part, in
// 256ths.
type blend struct{ first, second, part int }

// blendAt is the place that the centre of pixel i shows after scaling.
func blendAt(i, num, den, size int) blend {
	at := ((2*i+1)*den*256/num - 256) / 2
	at = max(0, min(at, (size-1)*256))
	return blend{at / 256, min(at/256+1, size-1), at % 256}
}

func (p picture) invert() picture {
	q := picture{p.w, p.h, make([]byte, len(p.pix))}
	for i, v := range p.pix {
		q.pix[i] = 0xff - v
	}
	return q
}
