package qr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/limits"
)

func TestReadWhatHappensToPictures(t *testing.T) {
	text := certificate(600)
	p, coarse, fine := drawn(t, text, Options{}), drawn(t, text, Options{Scale: 3}), drawn(t, text, Options{Scale: 1})
	mirror := func(x, y float64) (float64, float64) { return float64(p.w) - x, y }
	tilt := func(x, y float64) (float64, float64) {
		m, k := float64(p.w)/2, 1+0.06*y/float64(p.h)
		return (x-m)*k + m, y * k
	}
	for name, q := range map[string]picture{
		"as drawn":                   p,
		"a pixel a module":           fine,
		"no quiet zone":              p.cropped(24),
		"no quiet zone, small":       fine.cropped(4),
		"negative":                   p.invert(),
		"negative, no quiet zone":    p.cropped(24).invert(),
		"negative, turned":           p.turned(20).invert(),
		"a quarter turn":             p.turned(90),
		"upside down":                p.turned(180),
		"turned by 7°":               p.turned(7),
		"turned by 45°":              p.turned(45),
		"small, turned by 30°":       coarse.turned(30),
		"small, turned by 45°":       coarse.turned(45),
		"mirrored":                   p.sampled(p.w, p.h, mirror),
		"seen from below":            p.sampled(p.w, p.h, tilt),
		"2.7 pixels a module":        fine.scaled(2.7),
		"2.2 pixels a module":        p.scaled(0.37),
		"2.3 pixels a module":        fine.scaled(2.3),
		"in a screenshot":            p.placed(1600, 1250, 20, 30),
		"turned, in a screenshot":    p.turned(5).placed(1600, 1250, 700, 300),
		"small in a 12 MP photo":     coarse.turned(5).placed(4000, 3000, 20, 30),
		"large in a 12 MP photo":     p.turned(8).scaled(2).placed(4000, 3000, 200, 100),
		"small, in a 13-fold border": coarse.placed(4000, 4000, 1500, 1800),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(jpegFile(t, q.image(), 60))
			require.NoError(t, err)
			require.Equal(t, text, got)
		})
	}
}

func TestReadKindsOfColour(t *testing.T) {
	text := certificate(300)
	p := drawn(t, text, Options{Scale: 3})
	paint := func(img interface {
		image.Image
		Set(x, y int, c color.Color)
	}, dark, light color.Color) image.Image {
		for i, v := range p.pix {
			c := light
			if v == 0 {
				c = dark
			}
			img.Set(i%p.w, i/p.w, c)
		}
		return img
	}
	r := image.Rect(0, 0, p.w, p.h)
	blue, yellow := color.NRGBA{0, 51, 153, 255}, color.NRGBA{255, 204, 0, 255}
	for name, img := range map[string]image.Image{
		"grey":                    paint(image.NewGray(r), color.Gray{90}, color.Gray{180}),
		"grey, 16 bits":           paint(image.NewGray16(r), color.Black, color.White),
		"colour":                  paint(image.NewNRGBA(r), blue, yellow),
		"colour, 16 bits":         paint(image.NewNRGBA64(r), blue, yellow),
		"palette":                 paint(image.NewPaletted(r, color.Palette{yellow, blue}), blue, yellow),
		"transparent palette":     paint(image.NewPaletted(r, color.Palette{color.Transparent, color.Black}), color.Black, color.Transparent),
		"black on nothing":        p.seeThrough(),
		"nothing on dark":         paint(image.NewNRGBA(r), color.NRGBA{}, color.Black),
		"transparent, 16 bits":    paint(image.NewNRGBA64(r), color.Black, color.Transparent),
		"white where see-through": paint(image.NewNRGBA(r), color.Black, color.NRGBA{255, 255, 255, 0}),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(pngFile(t, img))
			require.NoError(t, err)
			require.Equal(t, text, got)
		})
	}
	got, err := Read(jpegFile(t, paint(image.NewRGBA(r), blue, yellow), 70))
	require.NoError(t, err)
	require.Equal(t, text, got)
}

// A stained code is read while the correction lasts, and then it is no code:
// in between there is no other text.
func TestReadDamagedCode(t *testing.T) {
	text := certificate(600)
	read := 0
	for stain := 0; stain <= 280; stain += 28 {
		p := drawn(t, text, Options{Scale: 4})
		for y := range stain {
			for x := range stain {
				p.pix[(y+120)*p.w+x+70] = 0xff
			}
		}
		got, err := Read(pngFile(t, p.image()))
		if err != nil {
			require.ErrorIs(t, err, ErrNoCode)
			continue
		}
		require.Equal(t, text, got)
		read++
	}
	require.Greater(t, read, 3)
	require.Less(t, read, 11)
}

// header is the start of a PNG that announces a size and holds nothing.
func header(w, h uint32, depth, colour byte) []byte {
	chunk := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(chunk[4:], w)
	binary.BigEndian.PutUint32(chunk[8:], h)
	chunk[12], chunk[13] = depth, colour
	file := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	file = append(file, chunk...)
	file = binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(chunk))
	return append(file, "\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e"...)
}

// jpegHeader announces a size in a progressive JPEG of three components.
func jpegHeader(w, h uint16) []byte {
	file := []byte("\xff\xd8\xff\xc2\x00\x11\x08")
	file = binary.BigEndian.AppendUint16(file, h)
	file = binary.BigEndian.AppendUint16(file, w)
	file = append(file, "\x03\x01\x11\x00\x02\x11\x00\x03\x11\x00"...)
	return append(file, "\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00\x00"...)
}

func TestReadRefused(t *testing.T) {
	good, err := PNG(certificate(300), Options{})
	require.NoError(t, err)
	corrupt := bytes.Clone(good)
	corrupt[len(corrupt)/2] ^= 0xff
	photo := jpegFile(t, drawn(t, "HC1:", Options{}).image(), 80)
	var animated bytes.Buffer
	require.NoError(t, gif.Encode(&animated, drawn(t, "HC1:", Options{}).image(), nil))

	for name, c := range map[string]struct {
		file []byte
		want error
		says string
	}{
		"nothing":             {nil, ErrImage, "neither"},
		"a credential":        {[]byte("HC1:6BFOXN"), ErrImage, "neither"},
		"an SVG":              {[]byte("<svg/>"), ErrImage, "neither"},
		"a GIF":               {animated.Bytes(), ErrImage, "neither"},
		"only a signature":    {good[:8], ErrImage, "EOF"},
		"half a header":       {good[:20], ErrImage, "EOF"},
		"half a PNG":          {good[:len(good)/2], ErrImage, "png"},
		"a corrupt PNG":       {corrupt, ErrImage, "png"},
		"a JPEG's first byte": {photo[:3], ErrImage, ""},
		"a fifth of a JPEG":   {photo[:len(photo)/5], ErrImage, ""},
		"too large a file":    {append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, limits.Image)...), ErrImage, "16777224 bytes"},
		"10 gigapixels":       {header(100_000, 100_000, 8, 2), ErrImage, "100000 by 100000"},
		"overflowing area":    {header(1<<31-1, 1<<31-1, 8, 0), ErrImage, ""},
		"no width":            {header(0, 10, 8, 0), ErrImage, ""},
		"a long line":         {header(1<<31-1, 1, 1, 0), ErrImage, "too many"},
		"one row too many":    {header(40_000, 1001, 1, 0), ErrImage, "too many"},
		"deep colour":         {header(6000, 6000, 16, 6), ErrImage, "too many"},
		"all of a large PNG":  {header(6000, 6000, 8, 6), ErrImage, "EOF"},
		"a large JPEG":        {jpegHeader(65535, 65535), ErrImage, "too many"},
		"a JPEG of 25 MP":     {jpegHeader(5000, 5000), ErrImage, "too many"},
		"a JPEG of scans":     {append(jpegHeader(4000, 4000), bytes.Repeat([]byte("\xff\xda\x00\x08\x01\x01\x00\x00\x00\x00\x00"), 1000)...), ErrImage, "1001 scans"},
		"a dot":               {pngFile(t, image.NewGray(image.Rect(0, 0, 1, 1))), ErrNoCode, "1 by 1"},
		"a strip":             {pngFile(t, image.NewGray(image.Rect(0, 0, 20, 2000))), ErrNoCode, "20 by 2000"},
		"black":               {pngFile(t, image.NewGray(image.Rect(0, 0, 300, 300))), ErrNoCode, ""},
		"clear":               {pngFile(t, image.NewNRGBA(image.Rect(0, 0, 300, 300))), ErrNoCode, ""},
		"half a code":         {pngFile(t, drawn(t, certificate(300), Options{}).image().SubImage(image.Rect(0, 0, 462, 231))), ErrNoCode, ""},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := Read(c.file)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
			require.True(t, strings.HasPrefix(err.Error(), "qr: "), err.Error())
			require.Empty(t, text)
		})
	}
}

func TestReadTruncatedAnywhere(t *testing.T) {
	for _, file := range [][]byte{
		pngFile(t, drawn(t, "HC1:6BF", Options{Scale: 1}).image()),
		jpegFile(t, drawn(t, "HC1:6BF", Options{Scale: 1}).image(), 50),
	} {
		for n := range len(file) - 20 {
			_, err := Read(file[:n])
			require.Error(t, err, "%d bytes", n)
		}
	}
}

// spent is what f allocates in bytes and takes in time.
func spent(f func()) (uint64, time.Duration) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	f()
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, took
}

func TestPromiseHostilePicturesAreCheap(t *testing.T) {
	// A header that lies costs nothing.
	for _, file := range [][]byte{header(100_000, 100_000, 8, 2), header(6000, 6000, 16, 6), jpegHeader(65535, 65535)} {
		bytes, _ := spent(func() {
			_, err := Read(file)
			require.ErrorIs(t, err, ErrImage)
		})
		require.Less(t, bytes, uint64(100_000))
	}

	// A small file of the largest picture costs that picture.
	bomb := pngFile(t, image.NewPaletted(image.Rect(0, 0, 6324, 6324), color.Palette{color.White, color.Black}))
	require.Less(t, len(bomb), 100_000)
	bytes, _ := spent(func() {
		_, err := Read(bomb)
		require.ErrorIs(t, err, ErrNoCode)
	})
	require.Less(t, bytes, uint64(limits.ImageMemory))

	// Pictures made to keep the finder busy: nothing but finder patterns, and
	// bars that look like them in every row.
	const side = 1400
	finders, bars := image.NewGray(image.Rect(0, 0, side, side)), image.NewGray(image.Rect(0, 0, side, side))
	for i := range side * side {
		x, y := i%side%9, i/side%9
		ring := max(x-3, 3-x, y-3, 3-y)
		if ring == 2 || ring > 3 {
			finders.Pix[i] = 0xff
		}
		if x == 1 || x == 5 || x > 6 || i < side {
			bars.Pix[i] = 0xff
		}
	}
	for _, img := range []*image.Gray{finders, bars} {
		spent(func() {
			_, err := Read(pngFile(t, img))
			require.ErrorIs(t, err, ErrNoCode)
		})
	}
}

func TestReadOfManyCodesIsStillBounded(t *testing.T) {
	text := certificate(40)
	p := drawn(t, text, Options{Scale: 4})
	sheet := picture{p.w * 2, p.h, make([]byte, 2*p.w*p.h)}
	for i, v := range p.pix {
		x, y := i%p.w, i/p.w
		sheet.pix[y*sheet.w+x], sheet.pix[y*sheet.w+p.w+x] = v, v
	}
	if got, err := Read(pngFile(t, sheet.image())); err == nil {
		require.Equal(t, text, got)
	} else {
		require.ErrorIs(t, err, ErrNoCode)
	}
}

func TestConcurrentUse(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			text := certificate(100 + i)
			file, err := PNG(text, Options{Scale: 2})
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := Read(file); err != nil || got != text {
				t.Errorf("read %q, %v", got, err)
			}
		})
	}
	wg.Wait()
}

func FuzzRead(f *testing.F) {
	small := drawn(f, "HC1:6BF", Options{Scale: 1})
	f.Add(pngFile(f, small.image()))
	f.Add(pngFile(f, small.seeThrough()))
	f.Add(pngFile(f, small.turned(10).image()))
	f.Add(jpegFile(f, small.image(), 90))
	f.Add(header(100_000, 100_000, 8, 2))
	f.Add(header(50, 50, 8, 3))
	f.Add(jpegHeader(40, 40))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) {
		text, err := Read(file)
		if err == nil {
			require.NotEmpty(t, text)
			return
		}
		require.Empty(t, text)
		if !errors.Is(err, ErrImage) {
			require.ErrorIs(t, err, ErrNoCode)
		}
	})
}

// FuzzReadModules feeds the reader what no drawing makes: any pixels at all.
// Run it with -fuzzminimizetime 1x; making such inputs smaller takes the fuzzer
// longer than finding them.
func FuzzReadModules(f *testing.F) {
	p := drawn(f, "HC1:6BF", Options{Scale: 1})
	f.Add(uint8(p.w), p.pix)
	f.Add(uint8(60), drawn(f, certificate(60), Options{Scale: 1}).scaled(1.5).pix)
	f.Fuzz(func(t *testing.T, width uint8, pix []byte) {
		w := int(width)
		if w == 0 || len(pix)/w == 0 || len(pix) > 1<<14 {
			return
		}
		if text, ok := search(picture{w, len(pix) / w, pix[:len(pix)/w*w]}); ok {
			require.NotEmpty(t, text)
		}
	})
}
