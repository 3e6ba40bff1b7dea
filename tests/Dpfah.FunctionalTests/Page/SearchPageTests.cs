using System.Globalization;
using System.Net;
using Dpfah.Api.Generations;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using static Microsoft.Playwright.Assertions;

namespace Dpfah.FunctionalTests.Page;

/// <summary>Search on the web page. What is shown is compared with what the API answers.</summary>
public sealed class SearchPageTests(SqliteService fixture, Browser browser) : IClassFixture<SqliteService>
{
    private const int FirstPage = 60;

    private ApiClient Client => fixture.Client;

    [Fact]
    public async Task A_picture_is_dropped_chosen_or_pasted()
    {
        SharedPictures pictures = await fixture.FilledAsync();
        using var folder = new TemporaryFolder();
        string dropped = folder["holiday.png"], chosen = folder["garden.png"];
        await File.WriteAllBytesAsync(dropped, SharedPictures.Picture(7));
        await File.WriteAllBytesAsync(chosen, SharedPictures.Picture(8));
        await VisitAsync($"search?collection={pictures.Name}", async visit =>
        {
            await visit.DropAsync(visit.Main.Locator(".drop"), dropped);
            await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync("holiday.png");
            await AssertShowsAsync(visit, await Client.FindAsync(SharedPictures.Picture(7), $"?collection={pictures.Name}&k={FirstPage}"));
            Assert.Equal("p7", (await visit.IdsAsync())[0]);

            // A dropped picture finds its like from wherever it is dropped.
            await visit.DropAsync(visit.Page.Locator(".brand"), chosen);
            await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync("garden.png");
            await visit.GoToAsync($"search?collection={pictures.Name}");

            await visit.Main.Locator(".drop input[type=file]").SetInputFilesAsync(chosen);
            await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync("garden.png");
            await AssertShowsAsync(visit, await Client.FindAsync(SharedPictures.Picture(8), $"?collection={pictures.Name}&k={FirstPage}"));

            await visit.PasteAsync(SharedPictures.Picture(9));
            await Expect(visit.Main.Locator(".query .name")).Not.ToHaveTextAsync("garden.png");
            await AssertShowsAsync(visit, await Client.FindAsync(SharedPictures.Picture(9), $"?collection={pictures.Name}&k={FirstPage}"));
        });
    }

    [Fact]
    public async Task A_result_is_searched_on_with_and_back_and_a_shared_address_show_the_same()
    {
        SharedPictures pictures = await fixture.FilledAsync();
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["query.png"], SharedPictures.Picture(600));
        SearchResponse found = await Client.FindAsync(SharedPictures.Picture(600), $"?collection={pictures.Name}&k={FirstPage}");
        string shared = "";
        await VisitAsync($"search?collection={pictures.Name}", async visit =>
        {
            await visit.Main.Locator(".drop input[type=file]").SetInputFilesAsync(folder["query.png"]);
            await AssertShowsAsync(visit, found);
            shared = visit.Page.Url.Split("#/")[1];

            string second = found.Hits[1].Id;
            await visit.Pictures.Nth(1).ClickAsync();
            await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync(second);
            await AssertShowsAsync(visit, await SimilarAsync(pictures.Name, second));

            await visit.Page.GoBackAsync();
            await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync("query.png");
            await AssertShowsAsync(visit, found);
            Assert.True(await IsPaintedAsync(visit), "The picture that was sent is gone after going back.");
            await visit.Page.GoForwardAsync();
            await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync(second);
        });

        // Somebody else's window knows the code only; it finds the same.
        await VisitAsync(shared, visit => AssertShowsAsync(visit, found));
    }

    [Fact]
    public async Task Results_are_filtered_by_label_number_and_distance()
    {
        SharedPictures pictures = await fixture.FilledAsync();
        await VisitAsync($"search?collection={pictures.Name}&id=p3", async visit =>
        {
            await AssertShowsAsync(visit, await SimilarAsync(pictures.Name, "p3"));

            await visit.Page.GetByLabel("Label").FillAsync("wild cat");
            await visit.Button("Apply").ClickAsync();
            await AssertShowsAsync(visit, await SimilarAsync(pictures.Name, "p3", $"k={FirstPage}&label=wild%20cat"));
            Assert.Equal(0, await visit.Pictures.CountAsync() - await visit.Main.Locator(".card", new() { HasText = "wild cat" }).CountAsync());

            await visit.Page.GetByLabel("Nearest").FillAsync("10");
            await visit.Button("Apply").ClickAsync();
            await AssertShowsAsync(visit, await SimilarAsync(pictures.Name, "p3", "k=10&label=wild%20cat"));

            await visit.Page.GetByLabel("At most").FillAsync("1");
            await visit.Page.Keyboard.PressAsync("Enter");
            await AssertShowsAsync(visit, await SimilarAsync(pictures.Name, "p3", "k=10&radius=1&label=wild%20cat"));

            await visit.Button("No longer only wild cat").ClickAsync();
            await AssertShowsAsync(visit, await SimilarAsync(pictures.Name, "p3", "k=10&radius=1"));

            // The address has the filter.
            await visit.Page.ReloadAsync();
            await AssertShowsAsync(visit, await SimilarAsync(pictures.Name, "p3", "k=10&radius=1"));
        });
        await VisitAsync($"search?collection={pictures.Name}&id=p3&label=nobody", async visit =>
            await Expect(visit.Main.Locator(".summary")).ToHaveTextAsync("No picture meets the filter. Take a label away, or let more bits differ."));
    }

    [Fact]
    public async Task All_results_come_by_pages_with_no_picture_twice()
    {
        SharedPictures pictures = await fixture.FilledAsync();
        await VisitAsync($"search?collection={pictures.Name}&id=p0&k=200", async visit =>
        {
            for (int shown = 200; shown < SharedPictures.Count - 1; shown = Math.Min(shown + 200, SharedPictures.Count - 1))
            {
                await Expect(visit.Pictures).ToHaveCountAsync(shown);
                await visit.Button("Show more").ClickAsync();
            }

            await Expect(visit.Pictures).ToHaveCountAsync(SharedPictures.Count - 1);
            string[] ids = await visit.IdsAsync();
            Assert.Equal((await SimilarAsync(pictures.Name, "p0", "k=1000")).Hits.Select(hit => hit.Id), ids);
        });
    }

    [Fact]
    public async Task A_file_that_is_no_picture_is_refused_in_the_services_words()
    {
        SharedPictures pictures = await fixture.FilledAsync();
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["letter.png"], "Dear Sir or Madam");
        string refused = (await Client.SearchAsync(await File.ReadAllBytesAsync(folder["letter.png"]))).ReadProblem(HttpStatusCode.UnsupportedMediaType, "not-an-image").Detail;
        await browser.VisitAsync(
            fixture.Service.Address,
            $"search?collection={pictures.Name}",
            async visit =>
            {
                await visit.DropAsync(visit.Main.Locator(".drop"), folder["letter.png"]);
                await Expect(visit.Message).ToContainTextAsync(refused);
                await Expect(visit.Main.Locator(".drop")).ToBeVisibleAsync();
            },
            expectedErrors: ["415", refused]);
    }

    [Fact]
    public async Task A_search_from_before_another_model_is_done_anew_or_asks_for_the_picture()
    {
        string collection = await Client.CreateCollectionAsync(), model = $"m-{Guid.NewGuid():n}";
        await fixture.Service.AddModelAsync(model);
        await Client.UploadAsync(collection, 0, 20);
        (_, GenerationStatusResponse generation) = await Client.FillAsync(collection, model);
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["query.png"], SharedPictures.Picture(3));
        string old = "";
        SearchResponse? found = null;
        await browser.VisitAsync(
            fixture.Service.Address,
            $"search?collection={collection}",
            async visit =>
            {
                await visit.Main.Locator(".drop input[type=file]").SetInputFilesAsync(folder["query.png"]);
                await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync("query.png");
                old = visit.Page.Url.Split("#/")[1];
                await visit.Pictures.Nth(1).ClickAsync();
                await Expect(visit.Main.Locator(".query .name")).Not.ToHaveTextAsync("query.png");
                ActivationResponse activated = (await Client.ActivateAsync(collection, generation.Generation.Id, """{"confirm":true}""")).Read<ActivationResponse>();
                found = await Client.FindAsync(SharedPictures.Picture(3), $"?collection={collection}&k={FirstPage}&minPosition={activated.Position}");
                Assert.Equal(model, found.Generation!.Model);

                await visit.Page.GoBackAsync();
                await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync("query.png");
                await AssertShowsAsync(visit, found);
            },
            expectedErrors: ["409"]);

        // Another window has the address alone.
        await browser.VisitAsync(
            fixture.Service.Address,
            old,
            async visit =>
            {
                await Expect(visit.Main).ToContainTextAsync("The model has changed since this search. Choose the picture again.");
                await visit.Main.Locator("input[type=file]").SetInputFilesAsync(folder["query.png"]);
                await AssertShowsAsync(visit, found!);
            },
            expectedErrors: ["409"]);
    }

    private Task VisitAsync(string target, Func<Visit, Task> act) => browser.VisitAsync(fixture.Service.Address, target, act);

    private async Task<SearchResponse> SimilarAsync(string collection, string id, string query = "k=60") =>
        (await Client.GetAsync($"{ApiClient.ImagePath(collection, id)}/similar?{query}")).Read<SearchResponse>();

    private static Task<bool> IsPaintedAsync(Visit visit) =>
        visit.Main.Locator(".query-picture img").EvaluateAsync<bool>("async image => { await image.decode(); return image.naturalWidth > 0; }");

    /// <summary>Asserts that the page shows an answer: its pictures in order, in bands of equal distance, and where it was cut.</summary>
    private static async Task AssertShowsAsync(Visit visit, SearchResponse answer)
    {
        string[] expected = [.. answer.Hits.Select(hit => hit.Id)];
        await Expect(visit.Pictures).ToHaveCountAsync(expected.Length);
        await Eventually.BecomesAsync(visit.IdsAsync, ids => ids.SequenceEqual(expected), ids => string.Join(' ', ids));
        Assert.Equal(
            answer.Hits.Select(hit => hit.Distance).Distinct().Select(distance => distance switch { 0 => "Same code", 1 => "1 bit apart", _ => $"{distance} bits apart" }),
            await visit.Main.Locator(".band h2").EvaluateAllAsync<string[]>("headings => headings.map(heading => heading.firstChild.textContent.trim())"));

        RankingSummary ranking = answer.Ranking;
        long within = ranking.BelowCut + ranking.TiedAtCut;
        string pictures = string.Create(CultureInfo.InvariantCulture, $"{within:N0} pictures");
        string shown = within == 1 ? "the only picture" : within > expected.Length ? $"{expected.Length} of {pictures}" : $"all {pictures}";
        string which = ranking.CutDistance switch { 0 => "with the same code", 1 => "with at most 1 different bit", _ => $"with at most {ranking.CutDistance} different bits" };
        await Expect(visit.Main.Locator(".summary")).ToHaveTextAsync($"Showing {shown} {which}.");
        Assert.Equal(answer.Query.Code, await CodeAsync(visit));
    }

    /// <summary>The code that is drawn, read back from its squares.</summary>
    private static async Task<string> CodeAsync(Visit visit)
    {
        bool[] bits = await visit.Main.Locator(".query svg.code rect").EvaluateAllAsync<bool[]>("squares => squares.map(square => square.classList.contains('one'))");
        var bytes = new byte[bits.Length / 8];
        for (int i = 0; i < bits.Length; i++)
        {
            bytes[i / 8] |= (byte)(bits[i] ? 1 << (i % 8) : 0);
        }

        return Convert.ToHexStringLower(bytes);
    }
}
