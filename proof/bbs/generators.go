package bbs

import (
	"encoding/binary"
	"encoding/hex"
	"sync"
	"sync/atomic"

	"github.com/cloudflare/circl/ecc/bls12381"
)

// generator is a point that messages are multiplied with, a constant of the
// ciphersuite.
type generator struct {
	point   *bls12381.G1
	encoded [pointSize]byte
	table   table
}

// known remembers the generators Q_1, H_1, H_2, … that were needed so far. They
// are constants, always the same ones in the same order; to make one costs as
// much as a multiplication. No caller asks for more than limits.BBSMessages, so
// it holds no more than 1,025, of about 1.4 kB each.
var known struct {
	made   atomic.Pointer[[]*generator] // what is read, without a lock
	mu     sync.Mutex                   // for making more
	points []*generator
	seed   []byte // v of the last one
}

// generators is create_generators (section 4.1.1): Q_1 and one for each message.
func generators(messages int) []*generator {
	n := messages + 1
	if g := known.made.Load(); g != nil && len(*g) >= n {
		return (*g)[:n:n]
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	for len(known.points) < n {
		if known.seed == nil {
			known.seed = expand([]byte(firstSeed), seedDST)
		}
		i := len(known.points) + 1
		known.seed = expand(binary.BigEndian.AppendUint64(known.seed, uint64(i)), seedDST)
		known.points = append(known.points, newGenerator(known.seed))
	}
	g := known.points[:n:n]
	if made := known.made.Load(); made == nil || len(*made) < n {
		known.made.Store(&g)
	}
	return g
}

func newGenerator(seed []byte) *generator {
	p := new(bls12381.G1)
	p.Hash(seed, []byte(generatorDST))
	g := &generator{point: p, table: newTable(p)}
	copy(g.encoded[:], p.BytesCompressed())
	return g
}

// base is P1 (section 7.2.2).
var base = sync.OnceValue(func() *bls12381.G1 {
	b, err := hex.DecodeString("a8ce256102840821a3e94ea9025e4662b205762f9776b3a766c872b948f1fd225e7c59698588e70d11406d161b4e28c9")
	p := new(bls12381.G1)
	if err != nil || p.SetBytes(b) != nil {
		panic("bbs: P1 is no point")
	}
	return p
})

var baseTable = sync.OnceValue(func() *table {
	t := newTable(base())
	return &t
})
