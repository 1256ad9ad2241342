//go:build !linux

package store

func inHugePages[T any](table []T) []T { return table }
