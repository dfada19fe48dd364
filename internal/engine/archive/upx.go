package archive

import "vitrine/internal/engine/upx"

// upx unpacks a program packed with UPX: one member, without a name of its own.
func (w *walk) upx() error {
	if err := w.b.AddFile(); err != nil {
		return err
	}
	u, err := upx.Unpack(w.c.Data, upx.Config{Budget: w.b, Open: &w.u.open})
	told := w.emit(Member{Name: "(" + w.c.Format.String() + ")", Data: u.Data, Err: err})
	u.Close()
	return told
}
