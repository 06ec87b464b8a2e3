package hcert

import (
	"bytes"
	stdzlib "compress/zlib"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"

	"github.com/sanad-credentials/sanad/internal/limits"
)

// What comes from outside is inflated by the standard library. What we issue is
// deflated by klauspost/compress, which takes a microsecond where the standard
// library takes as long as half the signature; its output is a little larger.

type inflater struct {
	src bytes.Reader
	z   io.ReadCloser
}

var inflaters = sync.Pool{New: func() any { return &inflater{} }}

// inflate reads a whole zlib stream (RFC 1950) of bounded size.
func inflate(packed []byte) (_ []byte, err error) {
	in := inflaters.Get().(*inflater)
	in.src.Reset(packed)
	if in.z == nil {
		in.z, err = stdzlib.NewReader(&in.src)
	} else {
		err = in.z.(stdzlib.Resetter).Reset(&in.src, nil)
	}
	if err != nil {
		// A reader that failed before its first stream is not worth keeping.
		return nil, fmt.Errorf("hcert: zlib: %w", err)
	}
	defer func() {
		in.src.Reset(nil)
		inflaters.Put(in)
	}()
	out := make([]byte, 0, max(4*len(packed), 512))
	for {
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
		n, err := in.z.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		if len(out) > limits.Inflated {
			return nil, fmt.Errorf("hcert: zlib: more than %d bytes inflated", limits.Inflated)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("hcert: zlib: %w", err)
		}
	}
	if n := in.src.Len(); n > 0 {
		return nil, fmt.Errorf("hcert: zlib: %d bytes follow", n)
	}
	return out, nil
}

type deflater struct {
	out bytes.Buffer
	z   *zlib.Writer
}

var deflaters = sync.Pool{New: func() any {
	d := &deflater{}
	d.z = zlib.NewWriter(&d.out)
	return d
}}

func deflate(message []byte) ([]byte, error) {
	d := deflaters.Get().(*deflater)
	defer deflaters.Put(d)
	d.out.Reset()
	d.z.Reset(&d.out)
	if _, err := d.z.Write(message); err != nil {
		return nil, fmt.Errorf("hcert: zlib: %w", err)
	}
	if err := d.z.Close(); err != nil {
		return nil, fmt.Errorf("hcert: zlib: %w", err)
	}
	return bytes.Clone(d.out.Bytes()), nil
}
