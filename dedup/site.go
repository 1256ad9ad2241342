package dedup

import (
	"net/url"
	"strings"
)

// site returns the host of an address in lower case, without a port, or "".
func site(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}
