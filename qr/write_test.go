package qr

import (
	"bytes"
	"encoding/xml"
	"image/png"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	zxing "github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"
)

// alphanumericQ is the most alphanumeric characters of each version at level Q
// (ISO/IEC 18004:2015 table 7).
var alphanumericQ = []int{
	16, 29, 47, 67, 87, 108, 125, 157, 189, 221, 259, 296, 352, 376, 426, 470, 531, 574, 644, 702,
	742, 823, 890, 963, 1041, 1094, 1172, 1263, 1322, 1429, 1499, 1618, 1700, 1787, 1867, 1966, 2071, 2181, 2298, 2420,
}

// certificate is text of n characters in the alphabet of a health certificate.
func certificate(n int) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	random := rand.New(rand.NewPCG(45, uint64(n)))
	text := []byte("HC1:")
	for len(text) < n {
		text = append(text, alphabet[random.IntN(len(alphabet))])
	}
	return string(text[:n])
}

// modulesOf takes a drawn code apart again, quiet zone included.
func modulesOf(t *testing.T, file []byte, scale int) [][]bool {
	t.Helper()
	p, err := open(file)
	require.NoError(t, err)
	require.Equal(t, p.w, p.h)
	require.Zero(t, p.w%scale)
	rows := make([][]bool, p.h/scale)
	for y := range rows {
		rows[y] = make([]bool, p.w/scale)
		for x := range rows[y] {
			rows[y][x] = p.pix[y*scale*p.w+x*scale] == 0
		}
	}
	for i, v := range p.pix {
		if rows[i/p.w/scale][i%p.w/scale] != (v == 0) {
			t.Fatalf("pixel %d: a module is of one colour", i)
		}
	}
	return rows
}

func TestPNGTakesTheSmallestVersion(t *testing.T) {
	for i, most := range alphanumericQ {
		side := 21 + 4*i
		for _, c := range []struct{ length, side int }{{most, side}, {most + 1, side + 4}} {
			if c.side > maxModules {
				continue
			}
			text := certificate(c.length)
			file, err := PNG(text, Options{Scale: 1})
			require.NoError(t, err, "%d characters", c.length)
			config, err := png.DecodeConfig(bytes.NewReader(file))
			require.NoError(t, err)
			require.Equal(t, c.side+2*quietZone, config.Width, "%d characters", c.length)
			require.Equal(t, config.Width, config.Height)
			got, err := Read(file)
			require.NoError(t, err, "%d characters", c.length)
			require.Equal(t, text, got)
		}
	}
}

func TestPNGIsAlphanumericAtLevelQ(t *testing.T) {
	for _, length := range []int{1, 16, 100, 259, 260, 600, 1172, 1173, 2420} {
		p := drawn(t, certificate(length), Options{})
		source, err := gozxing.NewPlanarYUVLuminanceSource(p.pix, p.w, p.h, 0, 0, p.w, p.h, false)
		require.NoError(t, err)
		bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewGlobalHistgramBinarizer(source))
		require.NoError(t, err)
		result, err := zxing.NewQRCodeReader().Decode(bitmap, nil)
		require.NoError(t, err)
		require.Equal(t, "Q", result.GetResultMetadata()[gozxing.ResultMetadataType_ERROR_CORRECTION_LEVEL])

		// The mode's four bits, then the count: 9, 11 or 13 bits by version.
		raw := result.GetRawBytes()
		require.Equal(t, byte(0b0010), raw[0]>>4)
		countBits := 9
		if length > alphanumericQ[8] {
			countBits = 11
		}
		if length > alphanumericQ[25] {
			countBits = 13
		}
		head := uint32(raw[0])<<24 | uint32(raw[1])<<16 | uint32(raw[2])<<8
		require.Equal(t, uint32(length), head<<4>>(32-countBits), "all characters in one segment")
	}
}

func TestRoundTrip(t *testing.T) {
	texts := []string{
		"A", "0", "a", " ", "HC1:", "HC1:6BF", "https://example.org/v#shlink:/eyJ1cmwiOiJ4In0",
		strings.Repeat("7", maxNumeric), strings.Repeat("b", maxByte),
		"shc:/" + strings.Repeat("56762909524320603460", 60),
		"حاج", "Ḥajj, Ünal, 张", "back\\slash ~tilde", "\ufeffHC1:", "\x00\x1d%", "%%", "ｱｲｳｴ", "é",
		"HC1:" + strings.Repeat("12345678901234567890A", 20),
	}
	for n := 1; n <= 2420; n += 53 {
		texts = append(texts, certificate(n))
	}
	for _, text := range texts {
		file, err := PNG(text, Options{Scale: 2})
		require.NoError(t, err, "%.20q", text)
		got, err := Read(file)
		require.NoError(t, err, "%.20q, %d bytes", text, len(text))
		require.Equal(t, text, got)
	}
}

func TestTextRefused(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		want  error
		says  string
		other string
	}{
		"empty":              {"", ErrText, "empty", ""},
		"not UTF-8":          {"HC1:\xff", ErrText, "UTF-8", ""},
		"alphanumeric":       {certificate(2421), ErrTooLong, "2421", "2420 alphanumeric"},
		"digits":             {strings.Repeat("9", 3994), ErrTooLong, "3994", "3993 digits"},
		"bytes":              {strings.Repeat("é", 832), ErrTooLong, "1664", "1663 bytes"},
		"one small letter":   {certificate(2420) + "a", ErrTooLong, "2421", "1663 bytes"},
		"a megabyte":         {strings.Repeat("A", 1<<20), ErrTooLong, "1048576", "2420"},
		"long and not UTF-8": {strings.Repeat("\xff", 5000), ErrTooLong, "5000", "1663"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, draw := range []func(string, Options) ([]byte, error){PNG, SVG} {
				file, err := draw(c.text, Options{})
				require.ErrorIs(t, err, c.want)
				require.ErrorContains(t, err, c.says)
				require.ErrorContains(t, err, c.other)
				require.Nil(t, file)
				require.Less(t, len(err.Error()), 200, "an error does not repeat the text")
			}
		})
	}
}

func TestOptions(t *testing.T) {
	side := func(o Options) int {
		return drawn(t, "HC1:", o).w
	}
	require.Equal(t, (21+8)*6, side(Options{}))
	require.Equal(t, 21+8, side(Options{Scale: 1}))
	require.Equal(t, (21+8)*34, side(Options{Scale: 34}))
	require.Equal(t, (21+20)*3, side(Options{Scale: 3, QuietZone: 10}))
	require.Equal(t, 21+128, side(Options{Scale: 1, QuietZone: 64}))

	for _, o := range []Options{
		{Scale: -1}, {Scale: 35}, {Scale: 1 << 40}, {Scale: 1<<63 - 1}, {Scale: -1 << 63}, {Scale: 1 << 32},
		{QuietZone: 3}, {QuietZone: -1}, {QuietZone: 65}, {Scale: 30, QuietZone: 64},
	} {
		for _, draw := range []func(string, Options) ([]byte, error){PNG, SVG} {
			_, err := draw("HC1:", o)
			require.ErrorIs(t, err, ErrOptions, "%+v", o)
		}
	}
}

func TestPNGIsSmallAndQuiet(t *testing.T) {
	file, err := PNG(certificate(500), Options{Scale: 10, QuietZone: 5})
	require.NoError(t, err)
	require.Equal(t, byte(1), file[24], "bits a pixel")
	require.Less(t, len(file), 12_000)
	rows := modulesOf(t, file, 10)
	for i, row := range rows {
		for j, black := range row {
			edge := min(i, j, len(rows)-1-i, len(rows)-1-j)
			if edge < 5 {
				require.False(t, black, "the quiet zone is white")
			}
		}
	}
	require.True(t, rows[5][5] && rows[5][len(rows)-6] && rows[len(rows)-6][5], "corners of the finder patterns")

	again, err := PNG(certificate(500), Options{Scale: 10, QuietZone: 5})
	require.NoError(t, err)
	require.Equal(t, file, again)
}

// svgFile is what the test reads of an SVG.
type svgFile struct {
	XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
	Width   int      `xml:"width,attr"`
	Height  int      `xml:"height,attr"`
	ViewBox string   `xml:"viewBox,attr"`
	Title   string   `xml:"title"`
	Rect    struct {
		Width  int    `xml:"width,attr"`
		Height int    `xml:"height,attr"`
		Fill   string `xml:"fill,attr"`
	} `xml:"rect"`
	Paths []struct {
		D      string `xml:"d,attr"`
		Stroke string `xml:"stroke,attr"`
	} `xml:"path"`
}

func parseSVG(t *testing.T, file []byte) svgFile {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(file))
	for {
		_, err := decoder.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
	}
	var s svgFile
	require.NoError(t, xml.Unmarshal(file, &s))
	require.Len(t, s.Paths, 1)
	return s
}

// strokesOf follows the pen of a path of M, m and h.
func strokesOf(t *testing.T, d string, side int) [][]bool {
	t.Helper()
	rows := make([][]bool, side)
	for y := range rows {
		rows[y] = make([]bool, side)
	}
	x, y := 0, 0
	for d != "" {
		end := strings.IndexAny(d[1:], "Mmh") + 1
		if end == 0 {
			end = len(d)
		}
		args := strings.Fields(d[1:end])
		first, err := strconv.Atoi(args[0])
		require.NoError(t, err)
		switch d[0] {
		case 'M':
			whole, half := strings.CutSuffix(args[1], ".5")
			require.True(t, half, "strokes run through the middle of a row")
			x = first
			y, err = strconv.Atoi(whole)
			require.NoError(t, err)
		case 'm':
			require.Equal(t, "0", args[1])
			x += first
		case 'h':
			for range first {
				require.False(t, rows[y][x])
				rows[y][x] = true
				x++
			}
		default:
			t.Fatalf("path command %q", d[0])
		}
		d = d[end:]
	}
	return rows
}

func TestSVGShowsTheModulesOfThePNG(t *testing.T) {
	for _, length := range []int{1, 87, 600, 2420} {
		o := Options{Scale: 3, QuietZone: 6}
		file, err := SVG(certificate(length), o)
		require.NoError(t, err)
		picture, err := PNG(certificate(length), o)
		require.NoError(t, err)
		want := modulesOf(t, picture, o.Scale)
		side := len(want)

		s := parseSVG(t, file)
		require.Equal(t, want, strokesOf(t, s.Paths[0].D, side))
		require.Equal(t, "#000", s.Paths[0].Stroke)
		require.Equal(t, "0 0 "+strconv.Itoa(side)+" "+strconv.Itoa(side), s.ViewBox)
		require.Equal(t, []int{side * 3, side * 3}, []int{s.Width, s.Height})
		require.Equal(t, []int{side, side}, []int{s.Rect.Width, s.Rect.Height})
		require.Equal(t, "#fff", s.Rect.Fill)
		require.Less(t, len(file), 300+4*side*side, "compact")
		require.Empty(t, s.Title)
		require.NotContains(t, string(file), "<title>")
	}
}

func TestSVGTitleIsEscaped(t *testing.T) {
	title := `</title><script>alert("1")</script>&amp; بطاقة` + "\n'"
	file, err := SVG("HC1:SECRET", Options{Title: title + "\x00\xff"})
	require.NoError(t, err)
	require.NotContains(t, string(file), "<script")
	require.NotContains(t, string(file), "SECRET")
	require.Equal(t, title+"\ufffd\ufffd", parseSVG(t, file).Title)
}

func TestRoundTripOfOddTexts(t *testing.T) {
	for _, text := range []string{"HC1:6BF", "shc:/5676290", "حاج", "a1b2", certificate(300)} {
		file, err := PNG(text, Options{Scale: 1})
		require.NoError(t, err)
		got, err := Read(file)
		require.NoError(t, err)
		require.Equal(t, text, got)
	}
	for _, text := range []string{"", "\xff", "I" + strings.Repeat("\xb6", 500)} {
		_, err := PNG(text, Options{Scale: 1})
		require.ErrorIs(t, err, ErrText)
	}
}
