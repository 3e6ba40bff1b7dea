using Dpfah.FunctionalTests.Page;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Browser))]

namespace Dpfah.FunctionalTests.Page;

/// <summary>The one browser of all tests, started by the first that asks for it. Each visit has a context of its own.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>A common window.</summary>
    public static readonly ViewportSize Desktop = new() { Width = 1280, Height = 900 };

    /// <summary>A small phone, held upright.</summary>
    public static readonly ViewportSize Phone = new() { Width = 360, Height = 740 };

    // As patient as the other tests: the machine may have much else to do.
    private const float PatienceMs = 60_000;

    private readonly Lazy<Task<(IPlaywright Driver, IBrowser Browser)>> started = new(StartAsync);

    /// <summary>Opens the page and does something there; what went wrong in the browser meanwhile fails the test.</summary>
    /// <param name="address">Where the service listens.</param>
    /// <param name="target">View and parameters, such as <c>search?id=a1</c>.</param>
    /// <param name="act">What is done and asserted.</param>
    /// <param name="expectedErrors">Words of console errors, or of the addresses that they come from, that belong to the test.</param>
    internal async Task VisitAsync(
        Uri address, string target, Func<Visit, Task> act, params string[] expectedErrors)
    {
        (_, IBrowser browser) = await started.Value;
        await using IBrowserContext context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = Desktop,
            ColorScheme = ColorScheme.Light,
            ReducedMotion = ReducedMotion.Reduce,
            Permissions = ["clipboard-read", "clipboard-write"],
        });
        context.SetDefaultTimeout(PatienceMs);
        var faults = new Faults(expectedErrors);
        await faults.WatchAsync(context);
        var visit = new Visit(await context.NewPageAsync(), address);
        try
        {
            await visit.GoToAsync(target);
            await act(visit);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{error.Message}\nAt {visit.Page.Url}\n{faults}\n{await visit.DescribeAsync()}", error);
        }

        faults.AssertNone();
    }

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (started.IsValueCreated && started.Value.IsCompletedSuccessfully)
        {
            (IPlaywright driver, IBrowser browser) = started.Value.Result;
            await browser.DisposeAsync();
            driver.Dispose();
        }
    }

    private static async Task<(IPlaywright, IBrowser)> StartAsync()
    {
        Assertions.SetDefaultExpectTimeout(PatienceMs);
        IPlaywright driver = await Playwright.CreateAsync();
        try
        {
            return (driver, await Chromium.LaunchAsync(driver));
        }
        catch
        {
            driver.Dispose();
            throw;
        }
    }
}
