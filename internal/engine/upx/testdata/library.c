/* A library with functions of its own, and one of another library. */
#include <windows.h>

#define TEN(s) s s s s s s s s s s
static const char text[] = TEN(TEN("A library that is packed. ")) "Marker of the unpacked library.";
const char *const lines[] = {text, text + 26, text + 52, "one", "two", "three"};

int first(int n) { return lines[n % 6][0]; }
int second(int n) { return first(n) + first(n + 1) + (int)GetTickCount(); }

BOOL WINAPI start(HINSTANCE h, DWORD reason, LPVOID p)
{
    return reason == DLL_PROCESS_ATTACH ? DisableThreadLibraryCalls(h) : TRUE;
}
