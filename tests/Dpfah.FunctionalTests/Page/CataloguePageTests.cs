using System.Net;
using Dpfah.Api.Images;
using Dpfah.Api.Jobs;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Imports;
using Dpfah.FunctionalTests.Infrastructure;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dpfah.FunctionalTests.Page;

/// <summary>The catalogue on the web page: what is done there is done in the service, and told.</summary>
public sealed class CataloguePageTests(PostgresService fixture, Browser browser) : IClassFixture<PostgresService>
{
    private ApiClient Client => fixture.Client;

    [Fact]
    public async Task Pictures_are_added_by_drop_labelled_and_deleted()
    {
        string collection = await Client.CreateCollectionAsync();
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["a.png"], Pictures.Png(1));
        await File.WriteAllBytesAsync(folder["b.png"], Pictures.Png(2));
        await File.WriteAllTextAsync(folder["c.png"], "Dear Sir or Madam");

        // The browser tells each refusal too: names that are not taken yet (404), and the one that is no picture.
        await VisitAsync($"catalogue?collection={collection}", [$"/collections/{collection}/images"], async visit =>
        {
            await Expect(visit.Main).ToContainTextAsync("There is nothing in this collection yet.");
            await visit.Page.GetByLabel("Labels for all of them").FillAsync("dog, small");
            await visit.DropAsync(visit.Main.Locator(".drop"), folder["a.png"], folder["b.png"], folder["c.png"]);
            await Expect(visit.Message).ToContainTextAsync($"2 pictures were added to {collection}, labelled dog, small; 1 could not be added.");
            string refused = (await Client.SearchAsync(await File.ReadAllBytesAsync(folder["c.png"]))).ReadProblem().Detail;
            await Expect(visit.Main.Locator(".rejections li")).ToHaveTextAsync([$"c.png {refused}"]);
            await Expect(visit.Pictures).ToHaveCountAsync(2);
            Assert.Equal(["a.png", "b.png"], (await visit.IdsAsync()).Order(StringComparer.Ordinal));
            Assert.All(await Client.ListAsync(collection), image => Assert.Equal(["dog", "small"], image.Labels));

            await Picture(visit, "a.png").ClickAsync();
            await visit.Dialog.GetByLabel("New label of a.png").FillAsync("cat");
            await visit.Button("Add label").ClickAsync();
            await Expect(visit.Message).ToContainTextAsync("a.png is now labelled dog, small, cat.");
            await visit.Button("Take the label dog away").ClickAsync();
            await Expect(visit.Message).ToContainTextAsync("a.png is now labelled small, cat.");
            Assert.Equal(["small", "cat"], (await ImageAsync(collection, "a.png")).Read<ImageResponse>().Labels);

            await visit.Button("Delete a.png").ClickAsync();
            await Expect(visit.Page.Locator("dialog.ask")).ToContainTextAsync("It cannot be brought back");
            await visit.Button("Cancel").ClickAsync();
            (await ImageAsync(collection, "a.png")).AssertStatus(HttpStatusCode.OK);
            await visit.Button("Delete a.png").ClickAsync();
            await visit.Page.Locator("dialog.ask").GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
            await Expect(visit.Message).ToContainTextAsync($"a.png was deleted from {collection}.");
            await Expect(visit.Pictures).ToHaveCountAsync(1);
            (await ImageAsync(collection, "a.png")).ReadProblem(HttpStatusCode.NotFound, "image-not-found");
        });
    }

    [Fact]
    public async Task An_archive_is_imported_and_watched()
    {
        string collection = await Client.CreateCollectionAsync();
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder["pets.zip"], Archives.Zip(
            ("dog/1.png", Pictures.Png(1)), ("dog/2.png", Pictures.Png(2)), ("cat/3.png", Pictures.Png(3)), Archives.Text("cat/4.png", "Dear Sir or Madam")));
        await VisitAsync($"catalogue?collection={collection}", [], async visit =>
        {
            await visit.DropAsync(visit.Main.Locator(".drop"), folder["pets.zip"]);
            await Expect(visit.Dialog).ToContainTextAsync("Import pets.zip");
            await visit.Dialog.GetByRole(AriaRole.Button, new() { Name = "Import", Exact = true }).ClickAsync();
            await Expect(visit.Message).ToContainTextAsync("The import into");
            await Expect(visit.Message).ToContainTextAsync($"The import into {collection} is done: 4 read, 3 indexed, 0 unchanged, 1 rejected.");
            await Expect(visit.Main.Locator(".card .label")).ToHaveTextAsync(["dog", "dog", "cat"]);
            Assert.Equal(["dog/1.png", "dog/2.png", "cat/3.png"], await visit.IdsAsync());

            ILocator job = visit.Main.Locator("article.job");
            await job.GetByText("1 item rejected").ClickAsync();
            await Expect(job.Locator(".rejections li")).ToContainTextAsync(["cat/4.png"]);
            JobResponse done = Assert.Single((await Client.GetAsync($"/jobs?kind=import&collection={collection}")).Read<JobList>().Items);

            // The same job, found again under its number.
            await visit.GoToAsync($"jobs?id={done.Id}");
            await Expect(visit.Main.Locator("article.job .state")).ToHaveTextAsync("succeeded");
            await Expect(visit.Main.Locator("article.job .counts")).ToHaveTextAsync("4 read, 3 indexed, 0 unchanged, 1 rejected");
        });
    }

    [Fact]
    public async Task A_collection_is_made_and_deleted()
    {
        string name = $"made-{Guid.NewGuid():n}";
        await VisitAsync("catalogue?collection=default", [], async visit =>
        {
            await visit.Main.Locator("details.box > summary").First.ClickAsync();
            await visit.Page.GetByLabel("New collection").Locator("input").Or(visit.Page.Locator("input[name=name]")).First.FillAsync(name);
            await visit.Button("Make it").ClickAsync();
            await Expect(visit.Message).ToContainTextAsync($"The collection {name} was made.");
            await Expect(visit.Page.Locator("#collection")).ToHaveValueAsync(name);
            (await Client.GetAsync($"/collections/{name}")).AssertStatus(HttpStatusCode.OK);

            await visit.Main.Locator("details.box > summary").First.ClickAsync();
            await visit.Button($"Delete the collection {name}").ClickAsync();
            await visit.Page.Locator("dialog.ask").GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
            await Expect(visit.Message).ToContainTextAsync($"The collection {name} was deleted.");
            (await Client.GetAsync($"/collections/{name}")).ReadProblem(HttpStatusCode.NotFound, "collection-not-found");
        });
    }

    [Fact]
    public async Task Near_duplicates_are_found_kept_apart_and_deleted()
    {
        string collection = await Client.CreateCollectionAsync();
        foreach ((string id, int picture) in new[] { ("a1", 1), ("a2", 1), ("a3", 1), ("b1", 2), ("b2", 2), ("c", 3) })
        {
            await Client.AddAsync(collection, id, Pictures.Png(picture));
        }

        await VisitAsync($"duplicates?collection={collection}", [], async visit =>
        {
            await visit.Page.GetByLabel("At most").FillAsync("0");
            await visit.Button("Find duplicates").ClickAsync();
            await Expect(visit.Message).ToContainTextAsync("2 groups with 5 pictures of 6, at most 0 bits apart.");
            await Expect(visit.Main.Locator("section.group")).ToHaveCountAsync(2);

            await visit.Button("Keep only this: a1").ClickAsync();
            await Expect(visit.Page.Locator("dialog.ask")).ToContainTextAsync("a2, a3");
            await visit.Button("Delete 2 pictures").ClickAsync();
            await Expect(visit.Message).ToContainTextAsync("2 pictures were deleted; a1 stays.");
            Assert.Equal(["a1", "b1", "b2", "c"], (await Client.ListAsync(collection)).Select(image => image.Id));

            await visit.Button("Not a duplicate: b1").ClickAsync();
            await Expect(visit.Message).ToContainTextAsync("b1 and b2 are marked as no duplicates");
            await visit.Button("Find duplicates").ClickAsync();
            await Expect(visit.Message).ToContainTextAsync("No two of the 4 pictures are at most 0 bits apart.");
            await Expect(visit.Main.Locator("section.group")).ToHaveCountAsync(0);
        });
    }

    private Task VisitAsync(string target, string[] expectedErrors, Func<Visit, Task> act) =>
        browser.VisitAsync(fixture.Service.Address, target, act, expectedErrors: expectedErrors);

    private Task<Answer> ImageAsync(string collection, string id) => Client.GetAsync(ApiClient.ImagePath(collection, id));

    private static ILocator Picture(Visit visit, string id) => visit.Main.Locator($".card a.picture[title='{id}']");
}
