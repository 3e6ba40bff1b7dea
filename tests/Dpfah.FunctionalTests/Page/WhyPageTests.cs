using System.Net;
using Dpfah.Api.Feedback;
using Dpfah.Api.Search;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dpfah.FunctionalTests.Page;

/// <summary>Why a picture was found, and what somebody says of it, on the web page.</summary>
public sealed class WhyPageTests(SqliteService fixture, Browser browser) : IClassFixture<SqliteService>
{
    private static readonly string[] Layers = ["shared", "differing", "attention"];

    private ApiClient Client => fixture.Client;

    [Fact]
    public async Task Bits_and_heat_maps_are_those_of_the_service_whoever_asks()
    {
        string collection = await AttentiveAsync();
        CompareResponse compared = (await Client.SendAsync(HttpMethod.Post, $"/compare?collection={collection}&id=q&id=h")).Read<CompareResponse>();
        Assert.NotEmpty(compared.DifferingBits);
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["query.png"], Pictures.Png(1));
        await browser.VisitAsync(fixture.Service.Address, $"search?collection={collection}&id=q", async visit =>
        {
            await AssertExplainedAsync(visit, compared);

            // The same picture as somebody sends it: its maps come with the answer.
            await visit.DropAsync(visit.Page.Locator(".brand"), folder["query.png"]);
            await Expect(visit.Main.Locator(".query .name")).ToHaveTextAsync("query.png");
            await AssertExplainedAsync(visit, compared);
        });
    }

    [Fact]
    public async Task Right_and_wrong_hits_are_kept_and_told()
    {
        string collection = await AttentiveAsync();
        await browser.VisitAsync(fixture.Service.Address, $"search?collection={collection}&id=q", async visit =>
        {
            await visit.Button("Why h was found").ClickAsync();
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Right", Exact = true }).ClickAsync();
            ILocator said = visit.Dialog.Locator(".verdict-said");
            await Expect(said).ToContainTextAsync("Marked as right.");
            FeedbackResponse right = Assert.Single(await FeedbackAsync(collection));
            Assert.Equal(("q", "h", "right"), (right.Query.Id, right.Id, right.Verdict));

            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Wrong", Exact = true }).ClickAsync();
            await Expect(said).ToContainTextAsync("Marked as wrong.");
            await Expect(visit.Dialog.GetByRole(AriaRole.Button, new() { Pressed = true })).ToHaveTextAsync(["Wrong"]);
            Assert.Equal("wrong", Assert.Single(await FeedbackAsync(collection)).Verdict);

            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Not a duplicate" }).ClickAsync();
            await Expect(visit.Message).ToContainTextAsync("q and h will not be shown as duplicates any more.");
            await visit.Button("Close this message").ClickAsync(); // The dialog leaves it within reach.
            await Expect(visit.Message).ToHaveCountAsync(0);
            (await Client.GetAsync($"/collections/{collection}/not-duplicates")).AssertStatus(HttpStatusCode.OK);
            Assert.Contains("\"q\"", (await Client.GetAsync($"/collections/{collection}/not-duplicates")).Text, StringComparison.Ordinal);

            // The mark stays with the picture, until it is taken back.
            await visit.Page.ReloadAsync();
            await Expect(visit.Main.Locator(".card .marked")).ToHaveTextAsync("Marked wrong");
            await visit.Button("Why h was found").ClickAsync();
            await visit.Button("Undo").ClickAsync();
            await Expect(visit.Main.Locator(".card .marked")).ToBeHiddenAsync();
            Assert.Empty(await FeedbackAsync(collection));
        });
    }

    /// <summary>A collection of two pictures, "q" and "h", under a model that explains its codes and has an attention.</summary>
    private async Task<string> AttentiveAsync()
    {
        string model = $"m-{Guid.NewGuid():n}", name = $"c-{Guid.NewGuid():n}";
        await fixture.Service.AddModelAsync(model, attention: true);
        (await Client.SendJsonAsync(HttpMethod.Put, $"/collections/{name}", $$"""{"model":"{{model}}"}""")).AssertStatus(HttpStatusCode.Created);
        await Eventually.BecomesAsync(() => Client.GetAsync($"/collections/{name}"), answer => answer.Status == HttpStatusCode.OK);
        await Client.AddAsync(name, "q", Pictures.Png(1));
        string position = (await Client.AddAsync(name, "h", Pictures.Png(2))).Position!;
        (await Client.SearchAsync(Pictures.Png(1), $"?collection={name}&minPosition={position}")).AssertStatus(HttpStatusCode.OK);
        return name;
    }

    private async Task<IReadOnlyList<FeedbackResponse>> FeedbackAsync(string collection) =>
        (await Client.GetAsync($"/collections/{collection}/feedback")).Read<FeedbackList>().Items;

    private static async Task AssertExplainedAsync(Visit visit, CompareResponse compared)
    {
        await visit.Button("Why h was found").ClickAsync();
        await Expect(visit.Dialog.Locator("svg.code")).ToHaveCountAsync(2);
        foreach (ILocator code in await visit.Dialog.Locator("svg.code").AllAsync())
        {
            Assert.Equal(compared.DifferingBits, await code.Locator("rect").EvaluateAllAsync<int[]>(
                "squares => squares.flatMap((square, i) => square.classList.contains('differs') ? [i] : [])"));
        }

        await Expect(visit.Dialog).ToContainTextAsync(string.Join(", ", compared.DifferingBits));
        var seen = new HashSet<string>();
        foreach (string layer in Layers)
        {
            await visit.Dialog.Locator($"input[name=layer][value={layer}]").CheckAsync(new() { Force = true });
            ILocator maps = visit.Dialog.Locator("img.map");
            await Expect(maps).ToHaveCountAsync(2);
            foreach (ILocator map in await maps.AllAsync())
            {
                await Expect(map).ToBeVisibleAsync();
                Assert.Equal(16, await map.EvaluateAsync<int>("async map => { await map.decode(); return map.naturalWidth; }"));
                Assert.True(seen.Add(await map.EvaluateAsync<string>("map => map.src")), $"The map of {layer} is that of another layer or picture.");
            }
        }

        await visit.Page.Keyboard.PressAsync("Escape");
        await Expect(visit.Dialog).ToHaveCountAsync(0);
    }
}
