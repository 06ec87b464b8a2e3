// Package recall remembers to what digests documents came that were just signed,
// for the one time that their issuer reads them back, which would cost as much
// again. Who verifies a document computes its digest.
package recall

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"sync"
	"sync/atomic"
)

// Key stands for a document and a hash function. Only packages of this module
// can make one, and so fill a Memory.
type Key struct {
	doc  [sha256.Size]byte
	hash crypto.Hash
}

// KeyOf returns the key of a document in its canonical form.
func KeyOf(doc []byte, hash crypto.Hash) Key { return Key{sha256.Sum256(doc), hash} }

// Memory is of the last 64 documents that were not read back yet. It holds nothing of what they say. Its zero
// value is empty; it is safe for concurrent use.
type Memory struct {
	used atomic.Bool
	mu   sync.Mutex
	next int
	held [64]struct {
		key Key
		sum []byte
	}
}

// Used reports whether there was ever anything to remember: who only verifies
// need make no keys.
func (m *Memory) Used() bool { return m.used.Load() }

// Remember keeps sum for k, and forgets the oldest of what it has.
func (m *Memory) Remember(k Key, sum []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.take(k)
	m.held[m.next].key, m.held[m.next].sum = k, bytes.Clone(sum)
	m.next = (m.next + 1) % len(m.held)
	m.used.Store(true)
}

// Take returns what was remembered for k, or nil, and forgets it.
func (m *Memory) Take(k Key) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.take(k)
}

func (m *Memory) take(k Key) (sum []byte) {
	for i := range m.held {
		if m.held[i].key == k {
			sum, m.held[i].sum, m.held[i].key = m.held[i].sum, nil, Key{}
		}
	}
	return sum
}
