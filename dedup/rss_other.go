//go:build !unix

package dedup

func maxRSS() int64 { return 0 }
