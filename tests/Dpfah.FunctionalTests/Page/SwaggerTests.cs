using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dpfah.FunctionalTests.Page;

/// <summary>The documentation that can be tried out.</summary>
public sealed class SwaggerTests(SqliteService fixture, Browser browser) : IClassFixture<SqliteService>
{
    [Fact]
    public async Task A_picture_is_sent_by_try_it_out_and_found()
    {
        string position = (await fixture.Client.AddAsync("default", "the-one", Pictures.Png(1))).Position!;
        (await fixture.Client.SearchAsync(Pictures.Png(1), $"?minPosition={position}")).AssertStatus(System.Net.HttpStatusCode.OK);
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["query.png"], Pictures.Png(1));
        await browser.VisitAsync(fixture.Service.Address, "", async visit =>
        {
            await visit.Page.GotoAsync($"{visit.Address}swagger/");
            ILocator search = visit.Page.Locator("#operations-Search-search");
            await search.Locator(".opblock-summary-control").ClickAsync();
            await search.Locator("input[type=file]").SetInputFilesAsync(folder["query.png"]);
            await search.Locator("button.execute").ClickAsync();
            ILocator answer = search.Locator(".live-responses-table tbody .response");
            await Expect(answer.Locator(".response-col_status").First).ToHaveTextAsync("200");
            await Expect(answer.Locator(".highlight-code").First).ToContainTextAsync("\"id\": \"the-one\"");
        });
    }
}
