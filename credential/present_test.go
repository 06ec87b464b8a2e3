package credential_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
)

// selective derives by writing down what it was asked for.
type selective struct{ fake }

var errNothingThere = errors.New("points to nothing")

func (selective) Derive(_ context.Context, h credential.Held, b credential.Binding) ([]byte, error) {
	for _, p := range h.Show {
		if p == "/nowhere" {
			return nil, errNothingThere
		}
	}
	return fmt.Appendf(nil, "%s of %s for %s", strings.Join(h.Show, "+"), h.Raw, b.Nonce), nil
}

// bundle presents by joining.
type bundle struct{}

func (bundle) Present(_ context.Context, held []credential.Held, b credential.Binding) ([]byte, error) {
	var out []string
	for _, h := range held {
		out = append(out, string(h.Raw))
	}
	return []byte(strings.Join(out, " & ") + " @ " + b.Audience), nil
}

func TestPresentDerivesWhatIsShown(t *testing.T) {
	b := credential.Binding{Audience: "desk", Nonce: "n1"}
	part := credential.Held{Raw: []byte("card"), Format: selective{}, Show: []string{"/name", "/dob"}}
	whole := credential.Held{Raw: []byte("ticket")}
	held := []credential.Held{part, whole, {Raw: []byte("pass"), Format: selective{}}}

	raw, err := credential.Present(ctx, bundle{}, held, b)
	require.NoError(t, err)
	require.Equal(t, "/name+/dob of card for n1 & ticket &  of pass for n1 @ desk", string(raw))
	require.Equal(t, "card", string(held[0].Raw), "the wallet keeps what it holds")

	raw, err = credential.Present(ctx, nil, held[:1], b)
	require.NoError(t, err)
	require.Equal(t, "/name+/dob of card for n1", string(raw))

	_, err = credential.Present(ctx, nil, held, b)
	require.ErrorContains(t, err, "3 credentials without a presentation")
	_, err = credential.Present(ctx, nil, nil, b)
	require.Error(t, err)
	whole.Show = []string{"/name"}
	_, err = credential.Present(ctx, bundle{}, []credential.Held{part, whole}, b)
	require.ErrorIs(t, err, errors.ErrUnsupported, "what can only be shown whole is not shown in part")
	require.ErrorContains(t, err, "credential 1")
	part.Show = []string{"/nowhere"}
	_, err = credential.Present(ctx, bundle{}, []credential.Held{part}, b)
	require.ErrorIs(t, err, errNothingThere)
}
