/* A program that opens a window with a line and ends. Nothing of a compiler's
   own libraries is in it. */
#include <windows.h>

#define TEN(s) s s s s s s s s s s
static const char text[] = TEN(TEN("A text that is packed. ")) "Marker of the unpacked program.";
static const char *const lines[] = {text, text + 23, text + 46, "one", "two", "three"};

static int pick(int n) { return lines[n % 6][0] + GetTickCount() % 3; }
static int more(int n) { return pick(n) + pick(n + 1) + pick(n + 2); }

__declspec(noreturn) void start(void)
{
    HMODULE user = LoadLibraryA("user32.dll");
    if (user && more(3) > 0)
        MessageBoxA(0, lines[more(1) & 1], "packed", MB_OK);
    if (GetProcAddress(user, "GetDC"))
        SetLastError(more(2));
    ExitProcess(more(4) > 10000);
}
