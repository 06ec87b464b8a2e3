//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package refresh

func tryLock(string) (unlock func(), err error) { return func() {}, nil }
