package qr

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/internal/testvectors"
)

// vector is what the European Union's test data (dgc-testdata) says of a
// picture: 2DCODE, if it can be read, holds PREFIX.
type vector struct {
	Text     string `json:"PREFIX"`
	Picture  string `json:"2DCODE"`
	Expected struct {
		PictureDecodes *bool `json:"EXPECTEDPICTUREDECODE"`
	} `json:"EXPECTEDRESULTS"`
}

// withoutPicture lists vectors that expect a picture to be read and contain
// none, neither under 2DCODE nor elsewhere; the test makes sure of it. Nothing
// can meet them.
var withoutPicture = map[string]int{"FR": 21, "IE": 4, "common": 1}

func TestConformancePictures(t *testing.T) {
	dir := testvectors.Dir(t, "eu-dcc")
	files, err := filepath.Glob(filepath.Join(dir, "*", "2DCode", "[rR]aw", "*.json"))
	require.NoError(t, err)
	met, total, seen := 0, 0, 0
	missing := map[string]int{}
	for _, file := range files {
		name, err := filepath.Rel(dir, file)
		require.NoError(t, err)
		v, members := readVector(t, file)
		seen++
		if v.Expected.PictureDecodes == nil {
			continue
		}
		total++
		if _, has := members["2DCODE"]; !has && *v.Expected.PictureDecodes {
			for member, value := range members {
				require.NotContains(t, string(value), "iVBORw0KGgo", "%s: a PNG in member %s", name, member)
			}
			fmt.Printf("conformance: qr-pictures: %s not met: the vector has no picture\n", name)
			missing[filepath.Dir(filepath.Dir(filepath.Dir(name)))]++
			continue
		}
		if err := judge(v); err != nil {
			fmt.Printf("conformance: qr-pictures: %s not met: %v\n", name, err)
			t.Errorf("%s: %v", name, err)
			continue
		}
		met++
	}
	fmt.Printf("conformance: qr-pictures %d/%d\n", met, total)
	require.Equal(t, 231, seen)
	require.Equal(t, withoutPicture, missing)
}

func readVector(t *testing.T, file string) (vector, map[string]json.RawMessage) {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	var v vector
	require.NoError(t, json.Unmarshal(data, &v), file)
	members := map[string]json.RawMessage{}
	require.NoError(t, json.Unmarshal(data, &members), file)
	return v, members
}

// judge says in what the vector's expectation is not met.
func judge(v vector) error {
	text, err := "", error(nil)
	picture, err := base64.StdEncoding.DecodeString(v.Picture)
	if err == nil {
		text, err = Read(picture)
	}
	same := err == nil && text == v.Text
	switch {
	case same == *v.Expected.PictureDecodes:
		return nil
	case err != nil:
		return err
	case same:
		return fmt.Errorf("the picture was read, and should not have been")
	}
	return fmt.Errorf("the picture holds another text, of %d characters", len(text))
}

// Three more pictures come without an expectation of theirs and hold another
// text than the vector's: the two begin alike and part after 64 characters.
// It is no mistake of the reader, which finds the same by its three ways.
func TestConformancePicturesOfAnotherText(t *testing.T) {
	dir := testvectors.Dir(t, "eu-dcc")
	for _, name := range []string{"501", "502", "503"} {
		v, _ := readVector(t, filepath.Join(dir, "ES", "2DCode", "raw", name+".json"))
		require.Nil(t, v.Expected.PictureDecodes)
		file, err := base64.StdEncoding.DecodeString(v.Picture)
		require.NoError(t, err)
		text, err := Read(file)
		require.NoError(t, err)
		require.NotEqual(t, v.Text, text)
		require.Equal(t, v.Text[:64], text[:64])

		p, err := open(file)
		require.NoError(t, err)
		for _, way := range []struct {
			binarizer func(gozxing.LuminanceSource) gozxing.Binarizer
			hint      gozxing.DecodeHintType
		}{
			{gozxing.NewGlobalHistgramBinarizer, gozxing.DecodeHintType_PURE_BARCODE},
			{gozxing.NewGlobalHistgramBinarizer, gozxing.DecodeHintType_TRY_HARDER},
			{gozxing.NewHybridBinarizer, gozxing.DecodeHintType_TRY_HARDER},
		} {
			again, ok := decode(p, way.binarizer, way.hint)
			require.True(t, ok)
			require.Equal(t, text, again)
		}
	}
}
