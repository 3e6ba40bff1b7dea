using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dpfah.FunctionalTests.Page;

/// <summary>The page by keyboard alone, with hostile names, and while the service is away.</summary>
public sealed class ReadingTests(SqliteService fixture, Browser browser) : IClassFixture<SqliteService>
{
    private const int MostTabs = 60;
    private const string Markup = "<img src=x onerror=alert(1)>";
    private const string Script = "\"><script>alert(2)</script>";

    [Fact]
    public async Task A_search_and_its_reasons_need_no_mouse()
    {
        SharedPictures pictures = await fixture.FilledAsync();
        await VisitAsync($"search?collection={pictures.Name}", async visit =>
        {
            // The view has the focus; all of the bar is before it, and the link that leads back stands first.
            await Expect(visit.Main).ToBeFocusedAsync();
            await TabToAsync(visit, visit.Page.Locator("#collection"), "Shift+Tab");
            await TabToAsync(visit, visit.Page.Locator(".skip"), "Shift+Tab");
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(visit.Main).ToBeFocusedAsync();
            await Expect(visit.Pictures.First).ToBeVisibleAsync();
            await TabToAsync(visit, visit.Pictures.First);
            string start = await FocusedAsync(visit);

            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync(start);
            await Expect(visit.Main).ToBeFocusedAsync();
            await TabToAsync(visit, visit.Pictures.First);
            await visit.Page.Keyboard.PressAsync("ArrowRight");
            await Expect(visit.Pictures.Nth(1)).ToBeFocusedAsync();
            await visit.Page.Keyboard.PressAsync("ArrowLeft");
            await Expect(visit.Pictures.First).ToBeFocusedAsync();
            await visit.Page.Keyboard.PressAsync("ArrowDown");
            string below = await FocusedAsync(visit);
            Assert.NotEqual(await visit.Pictures.First.GetAttributeAsync("title"), below);
            Assert.Equal(await LeftAsync(visit.Pictures.First), await LeftAsync(visit.Main.Locator("a.picture:focus")), 1.0);
            await visit.Page.Keyboard.PressAsync("ArrowUp");
            await Expect(visit.Pictures.First).ToBeFocusedAsync();
            await visit.Page.Keyboard.PressAsync("ArrowDown");

            // The reasons of that picture: opened, closed, and back where one was.
            await visit.Page.Keyboard.PressAsync("Tab");
            ILocator why = visit.Button($"Why {below} was found");
            await Expect(why).ToBeFocusedAsync();
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(visit.Dialog).ToContainTextAsync("Why this picture?");
            await Expect(visit.Dialog.Locator(".why-body")).ToHaveAttributeAsync("aria-busy", "false");
            await visit.Page.Keyboard.PressAsync("Escape");
            await Expect(visit.Dialog).ToHaveCountAsync(0);
            await Expect(why).ToBeFocusedAsync();

            await visit.Page.Keyboard.PressAsync("Shift+Tab");
            await visit.Page.Keyboard.PressAsync("Enter");
            await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync(below);
        });
    }

    [Fact]
    public async Task Hostile_names_and_labels_are_text()
    {
        string collection = await fixture.Client.CreateCollectionAsync();
        await fixture.Client.AddAsync(collection, Markup, Pictures.Png(1), [Script, Markup], $$"""{"note":"{{Markup}}"}""");
        await fixture.Client.AddAsync(collection, "javascript:alert(3)", Pictures.Png(2), [Script]);
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder[Markup], Pictures.Png(1));
        await VisitAsync($"search?collection={collection}", async visit =>
        {
            await Expect(visit.Main.Locator(".label")).ToHaveTextAsync([Script, Markup, Script]);
            await AssertInertAsync(visit);

            await visit.DropAsync(visit.Main.Locator(".drop"), folder[Markup]);
            await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync(Markup);
            Assert.Equal([Markup, "javascript:alert(3)"], (await visit.IdsAsync()).Order(StringComparer.Ordinal));
            await AssertInertAsync(visit);

            await visit.Button($"Why {Markup} was found").ClickAsync();
            await Expect(visit.Dialog.Locator(".id")).ToHaveTextAsync(Markup);
            await visit.Dialog.GetByText("About the picture that was found").ClickAsync();
            await Expect(visit.Dialog.Locator(".facts code")).ToContainTextAsync(Markup);
            await visit.Dialog.GetByLabel($"New label of {Markup}").FillAsync("<i>new</i>");
            await visit.Button("Add label").ClickAsync();
            await Expect(visit.Message).ToContainTextAsync("<i>new</i>");
            await AssertInertAsync(visit);
        });
    }

    [Fact]
    public async Task A_service_that_is_away_is_told_in_words_and_asked_again()
    {
        using var database = new SqliteTestDatabase();
        RunningService service = await RunningService.StartAsync(database);
        Uri address = service.Address;
        try
        {
            await service.Client.AddAsync("default", "one", Pictures.Png(1));
            string position = (await service.Client.AddAsync("default", "two", Pictures.Png(2))).Position!;
            (await service.Client.SearchAsync(Pictures.Png(1), $"?minPosition={position}")).AssertStatus(System.Net.HttpStatusCode.OK);
            await browser.VisitAsync(
                address,
                "search",
                async visit =>
                {
                    await Expect(visit.Pictures).ToHaveCountAsync(2);
                    await service.DisposeAsync();
                    await visit.Pictures.First.ClickAsync();
                    await Expect(visit.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("The service does not answer.");

                    service = await RunningService.StartAsync(database, "--urls", address.OriginalString);
                    await visit.Link("Try again").ClickAsync();
                    await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync("one");
                    Assert.Equal(["two"], await visit.IdsAsync());
                },
                expectedErrors: ["ERR_CONNECTION_REFUSED", "The service does not answer."]);
        }
        finally
        {
            await service.DisposeAsync();
        }
    }

    // The encoder of these tests is no network: the service says 409 where its codes are to be explained.
    private Task VisitAsync(string target, Func<Visit, Task> act) =>
        browser.VisitAsync(fixture.Service.Address, target, act, expectedErrors: ["/search/explain"]);

    private static async Task TabToAsync(Visit visit, ILocator wanted, string key = "Tab")
    {
        for (int tabs = 0; tabs < MostTabs; tabs++)
        {
            await visit.Page.Keyboard.PressAsync(key);
            if (await wanted.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }
        }

        Assert.Fail($"{MostTabs} times {key} do not lead to {wanted}.");
    }

    private static Task<string> FocusedAsync(Visit visit) => visit.Page.EvaluateAsync<string>("document.activeElement.title");

    private static async Task<double> LeftAsync(ILocator element) => (await element.BoundingBoxAsync())!.X;

    /// <summary>Asserts that none of the text became an element or a listener.</summary>
    private static async Task AssertInertAsync(Visit visit) =>
        await Expect(visit.Page.Locator("body script, [onerror], [onclick], [src=x], i, [href^='javascript:']")).ToHaveCountAsync(0);
}
