using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.Playwright;

namespace Dpfah.FunctionalTests.Page;

/// <summary>What holds for each view: no serious fault for people who need help to read, in both themes, and a phone is wide enough.</summary>
/// <remarks>With <see cref="FolderVariable"/> set, pictures of all views are kept in that folder, to be looked at.</remarks>
public sealed class ViewTests(SqliteService fixture, Browser browser) : IClassFixture<SqliteService>
{
    /// <summary>Environment variable with the folder that takes pictures of the views; none are kept without it.</summary>
    public const string FolderVariable = "DPFAH_PAGE_PICTURES";

    /// <summary>Names of the views with their parameters; the collection is added.</summary>
    public static TheoryData<string, string> Views { get; } = new()
    {
        { "start", "search?" },
        { "results", "search?id=p3&label=cat" },
        { "catalogue", "catalogue?" },
        { "picture", "catalogue?id=p3" },
        { "codes", "health?" },
        { "duplicates", "duplicates?" },
        { "jobs", "jobs?" },
        { "models", "models?" },
        { "model", "models?model=hash-64" },
        { "train", "models?tab=train" },
        { "generations", "models?tab=generations" },
    };

    [Theory]
    [MemberData(nameof(Views))]
    public async Task A_view_is_accessible_in_both_themes_and_fits_a_phone(string name, string target)
    {
        string collection = (await fixture.FilledAsync()).Name;
        await browser.VisitAsync(fixture.Service.Address, $"{target}&collection={collection}", async visit =>
        {
            await AssertAccessibleAsync(visit.Page, new AxeRunOptions());
            await KeepAsync(visit, $"{name}-light");

            // The theme changes colours, and nothing else.
            await visit.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
            await AssertAccessibleAsync(visit.Page, new AxeRunOptions { RunOnly = RunOnlyOptions.Rules("color-contrast") });
            await KeepAsync(visit, $"{name}-dark");

            await visit.Page.SetViewportSizeAsync(Browser.Phone.Width, Browser.Phone.Height);
            await visit.AssertFitsAsync();
            await KeepAsync(visit, $"{name}-phone");
        });
    }

    /// <summary>Asserts that the rules of axe find nothing serious or critical.</summary>
    private static async Task AssertAccessibleAsync(IPage page, AxeRunOptions options)
    {
        AxeResult result = await page.RunAxe(options);
        Assert.NotEmpty(result.Passes);
        Assert.True(
            !result.Violations.Any(IsSerious),
            string.Join('\n', result.Violations.Where(IsSerious).Select(rule =>
                $"{rule.Id}: {rule.Help}\n  {string.Join("\n  ", rule.Nodes.Select(node => node.Html))}")));
    }

    private static bool IsSerious(AxeResultItem rule) => rule.Impact is "serious" or "critical";

    private static async Task KeepAsync(Visit visit, string name)
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder)
        {
            await visit.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}.png".ToLowerInvariant()), FullPage = true });
        }
    }
}
