package bbs_test

import (
	"bytes"
	"fmt"

	"github.com/sanad-credentials/sanad/proof/bbs"
)

func Example() {
	// The same key each time, for an example; otherwise GenerateKey.
	key, err := bbs.KeyGen(bytes.Repeat([]byte{1}, 32), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The issuer signs all messages.
	header := []byte("health card of 2026")
	messages := [][]byte{[]byte("name: Aisyah"), []byte("born: 1990"), []byte("vaccine: ACWY")}
	signature, err := key.Sign(header, messages)
	if err != nil {
		fmt.Println(err)
		return
	}
	// The holder shows the last, to who asked with a nonce.
	show, nonce := []int{2}, []byte("f81d4fae")
	p, err := bbs.Prove(key.Public(), signature, header, nonce, messages, show)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bbs.VerifyProof(key.Public(), p, header, nonce, messages[2:], show))
	fmt.Println(bbs.VerifyProof(key.Public(), p, header, []byte("another"), messages[2:], show))
	// Output:
	// <nil>
	// bbs: proof: signature does not verify
}
