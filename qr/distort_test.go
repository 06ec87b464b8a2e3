package qr

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// drawn is the text's code as a grey picture.
func drawn(t testing.TB, text string, o Options) picture {
	t.Helper()
	file, err := PNG(text, o)
	require.NoError(t, err)
	p, err := open(file)
	require.NoError(t, err)
	return p
}

func (p picture) image() *image.Gray {
	return &image.Gray{Pix: p.pix, Stride: p.w, Rect: image.Rect(0, 0, p.w, p.h)}
}

func pngFile(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func jpegFile(t testing.TB, img image.Image, quality int) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}))
	return b.Bytes()
}

func (p picture) at(x, y int) float64 {
	if x < 0 || y < 0 || x >= p.w || y >= p.h {
		return 255
	}
	return float64(p.pix[y*p.w+x])
}

// sampled draws a w by h picture by asking from for the place in p that each
// pixel shows, between whose neighbours it mixes.
func (p picture) sampled(w, h int, from func(x, y float64) (float64, float64)) picture {
	q := picture{w, h, make([]byte, w*h)}
	for y := range h {
		for x := range w {
			fx, fy := from(float64(x)+0.5, float64(y)+0.5)
			fx, fy = fx-0.5, fy-0.5
			x0, y0 := int(math.Floor(fx)), int(math.Floor(fy))
			dx, dy := fx-float64(x0), fy-float64(y0)
			v := (p.at(x0, y0)*(1-dx)+p.at(x0+1, y0)*dx)*(1-dy) + (p.at(x0, y0+1)*(1-dx)+p.at(x0+1, y0+1)*dx)*dy
			q.pix[y*w+x] = byte(v + 0.5)
		}
	}
	return q
}

func (p picture) scaled(f float64) picture {
	return p.sampled(int(float64(p.w)*f), int(float64(p.h)*f), func(x, y float64) (float64, float64) { return x / f, y / f })
}

func (p picture) turned(degrees float64) picture {
	s, c := math.Sincos(degrees * math.Pi / 180)
	side := int(math.Ceil(float64(p.w) * (math.Abs(s) + math.Abs(c))))
	m, o := float64(side)/2, float64(p.w)/2
	return p.sampled(side, side, func(x, y float64) (float64, float64) {
		return (x-m)*c + (y-m)*s + o, -(x-m)*s + (y-m)*c + o
	})
}

func (p picture) cropped(margin int) picture {
	return p.sampled(p.w-2*margin, p.h-2*margin, func(x, y float64) (float64, float64) {
		return x + float64(margin), y + float64(margin)
	})
}

// placed lays the picture on a desk, at x and y, with the light falling off to
// the right and some noise.
func (p picture) placed(w, h, x0, y0 int) picture {
	random := rand.New(rand.NewPCG(1, 2))
	q := picture{w, h, make([]byte, w*h)}
	for y := range h {
		for x := range w {
			v := 150.0
			if x >= x0 && y >= y0 && x < x0+p.w && y < y0+p.h {
				v = 40 + p.at(x-x0, y-y0)*0.7
			}
			v *= 1 - 0.5*float64(x)/float64(w)
			q.pix[y*w+x] = byte(v + float64(random.IntN(9)))
		}
	}
	return q
}

// seeThrough is the code in black on nothing.
func (p picture) seeThrough() *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, p.w, p.h))
	for i, v := range p.pix {
		img.SetNRGBA(i%p.w, i/p.w, color.NRGBA{A: 255 - v})
	}
	return img
}
