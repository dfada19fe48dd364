//go:build !race

package guardcmd

const raceEnabled = false
