using Microsoft.Playwright;

namespace Dpfah.FunctionalTests.Page;

/// <summary>The browser that is installed on this machine, without a window.</summary>
/// <remarks>Compiled into the benchmarks too, which measure the page with the same browser.</remarks>
internal static class Chromium
{
    /// <summary>Environment variable with the path of the browser, where it is not in PATH.</summary>
    public const string PathVariable = "DPFAH_TEST_CHROMIUM";

    // In a container there is no sandbox for root. The rest keeps the browser from talking to anybody but the service.
    private static readonly string[] Flags =
        ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--no-first-run"];

    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome", "chrome"];

    /// <summary>Starts the browser.</summary>
    /// <param name="playwright">What steers it.</param>
    /// <exception cref="InvalidOperationException">There is none; the message says what to install.</exception>
    public static Task<IBrowser> LaunchAsync(IPlaywright playwright) =>
        playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Find(), Args = Flags });

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } given)
        {
            return File.Exists(given) ? given : throw new InvalidOperationException($"{PathVariable} names {given}, and there is no such file.");
        }

        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return Names.SelectMany(name => folders.Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException(
                $"The web page is tested in Chromium, which is not in PATH. Install it (Debian: apt-get install chromium), or set {PathVariable} to its path.");
    }
}
