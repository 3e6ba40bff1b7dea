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
    };

    [Theory]
    [MemberData(nameof(Views))]
    public async Task A_view_has_no_serious_fault_for_assistive_technology(string name, string target)
    {
        foreach (ColorScheme scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            await VisitAsync(target, Browser.Desktop, scheme, async visit =>
            {
                await AssertAccessibleAsync(visit.Page);
                await KeepAsync(visit, $"{name}-{scheme}");
            });
        }
    }

    [Theory]
    [MemberData(nameof(Views))]
    public Task A_view_fits_a_phone(string name, string target) => VisitAsync(target, Browser.Phone, ColorScheme.Light, async visit =>
    {
        await visit.AssertFitsAsync();
        await KeepAsync(visit, $"{name}-phone");
    });

    private async Task VisitAsync(string target, ViewportSize size, ColorScheme scheme, Func<Visit, Task> act) =>
        await browser.VisitAsync(fixture.Service.Address, $"{target}&collection={(await fixture.FilledAsync()).Name}", act, size, scheme);

    /// <summary>Asserts that the rules of axe find nothing serious or critical.</summary>
    internal static async Task AssertAccessibleAsync(IPage page)
    {
        AxeResult result = await page.RunAxe();
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
