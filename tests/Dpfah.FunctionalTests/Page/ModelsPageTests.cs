using System.Globalization;
using Dpfah.Api.Jobs;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Jobs;
using Dpfah.FunctionalTests.Generations;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.FunctionalTests.Training;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Dpfah.FunctionalTests.Page;

/// <summary>Models on the web page: trained and watched, and generations of their codes made, activated and rolled back.</summary>
public sealed class ModelsPageTests(PostgresServer server, Browser browser)
{
    [Fact]
    public async Task A_model_is_trained_by_the_form_and_watched_to_its_figures()
    {
        using TestDatabase database = await PostgresTestDatabase.CreateAsync(server);
        await using RunningService service = await RunningService.StartAsync(database, Trainings.Arguments);
        await service.Client.ImportSampleAsync("default", perClass: 12);
        await browser.VisitAsync(service.Address, "models?tab=train", async visit =>
        {
            // With labels there, the method that learns from them is offered first.
            await Expect(visit.Page.GetByLabel("Method")).ToHaveValueAsync("dpfah");
            await OrderAsync(visit, "first");
            await Expect(visit.Page.GetByLabel("Result")).ToContainTextAsync("The model first is there.", Patient);
            JobResponse job = (await service.Client.GetAsync("/jobs?kind=training")).Read<JobList>().Items.Single();
            string map = job.Metric("map").ToString("0.000", CultureInfo.InvariantCulture);
            await Expect(visit.Page.GetByLabel("Result")).ToContainTextAsync(map);

            await visit.Link("See the model").ClickAsync();
            await Expect(visit.Main.Locator(".model-layout")).ToContainTextAsync(map);
            await Expect(visit.Main.Locator("figure.chart").First).ToBeVisibleAsync();
            await AssertPointsShowPicturesAsync(visit);

            await visit.GoToAsync("models?tab=train");
            await OrderAsync(visit, "never");
            JobResponse second = (await service.Client.GetAsync("/jobs?kind=training")).Read<JobList>().Items.Single(one => one.Id != job.Id);
            await visit.Button($"Cancel job {second.Id}").ClickAsync();
            await Expect(visit.Page.Locator("dialog.ask")).ToContainTextAsync("no model comes of it");
            await visit.Button("Cancel the job").ClickAsync();
            await Expect(visit.Main.Locator(".job .state")).ToHaveTextAsync("cancelled");
            Assert.Equal(JobState.Cancelled, (await service.Client.GetAsync($"/jobs/{second.Id}")).Read<JobResponse>().State);
        });
    }

    [Fact]
    public async Task A_generation_is_made_compared_activated_and_rolled_back()
    {
        const string Collection = "shop";
        using TestDatabase database = await PostgresTestDatabase.CreateAsync(server);
        await using RunningService service = await RunningService.StartAsync(database);
        await service.AddModelAsync("better");
        (await service.Client.SendAsync(HttpMethod.Put, $"/collections/{Collection}")).AssertStatus(System.Net.HttpStatusCode.Created);
        await service.Client.UploadAsync(Collection, 0, 150, service.LabelsBy("better"));
        await browser.VisitAsync(service.Address, $"models?tab=generations&collection={Collection}", async visit =>
        {
            int first = await ActiveAsync(service);
            await visit.Main.Locator("select[name=model]").SelectOptionAsync("better");
            await visit.Button("Make the generation").ClickAsync();
            await Expect(visit.Page.Locator("#messages")).ToContainTextAsync($"{Collection} is being hashed by better");
            await Expect(visit.Page.Locator("#messages")).ToContainTextAsync("is complete. It did better in the comparison.");
            int second = (await service.Client.GenerationsAsync(Collection)).Items.Single(one => one.Generation.Model == "better").Generation.Id;

            await visit.Button($"Activate generation {second}").ClickAsync();
            ILocator question = visit.Page.Locator("dialog.ask");
            await Expect(question).ToContainTextAsync($"Generation {first} is kept: you can go back to it");
            await visit.Button("Cancel").ClickAsync();
            Assert.Equal(first, await ActiveAsync(service));
            await visit.Button($"Activate generation {second}").ClickAsync();
            await visit.Button("Activate").ClickAsync();
            await Expect(visit.Message).ToContainTextAsync($"Searches use generation {second} (better) now.");
            Assert.Equal(second, await ActiveAsync(service));

            await visit.Button($"Roll back to generation {first}").ClickAsync();
            await visit.Button("Roll back").ClickAsync();
            await Expect(visit.Message).ToContainTextAsync($"Searches use generation {first} ({TestHost.HashEncoding.FirstModel}) now.");
            Assert.Equal(first, await ActiveAsync(service));
            await Expect(visit.Page.GetByLabel("History").Locator("tbody tr")).ToHaveCountAsync(2);
        });

        static async Task<int> ActiveAsync(RunningService service) =>
            (await service.Client.GenerationsAsync(Collection)).Items.Single(one => one.State == GenerationProgress.Active).Generation.Id;
    }

    private static LocatorAssertionsToContainTextOptions Patient => new() { Timeout = (float)Trainings.Patience.TotalMilliseconds };

    /// <summary>Fills the form in for a fitting that takes seconds, and starts it.</summary>
    private static async Task OrderAsync(Visit visit, string name)
    {
        await visit.Page.GetByLabel("Method").SelectOptionAsync("itq");
        await visit.Page.GetByLabel("Name of the model").FillAsync(name);
        await visit.Page.GetByLabel("Bits", new() { Exact = true }).FillAsync("16");
        await visit.Page.GetByText("More settings").ClickAsync();
        await visit.Page.GetByLabel("Image side in pixels").FillAsync("32");
        await visit.Button("Start the training").ClickAsync();
        await Expect(visit.Message).ToContainTextAsync($"Training of {name} has begun");
        await Expect(visit.Main.Locator("h1")).ToHaveTextAsync($"Training of {name}");
    }

    /// <summary>Asserts that the map of the codes has points that show their pictures, and that keys lead to a search with one.</summary>
    private static async Task AssertPointsShowPicturesAsync(Visit visit)
    {
        ILocator map = visit.Main.Locator(".scatter canvas");
        await map.FocusAsync();
        await visit.Page.Keyboard.PressAsync("ArrowLeft");
        ILocator tip = visit.Main.Locator(".scatter .tip");
        await Expect(tip).ToBeVisibleAsync();
        await tip.Locator("img").EvaluateAsync("image => image.decode()");
    }
}
