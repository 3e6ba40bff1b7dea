using Dpfah.Api.Collections;
using Dpfah.Api.Demo;
using Dpfah.Engine.Hosting;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace Dpfah.FunctionalTests.Readme;

/// <summary>The demo on data of before it had a trained model: the default collection is under the first model.</summary>
public abstract class OldDemoTests(ServiceFixture fixture)
{
    [Fact]
    public async Task A_default_collection_of_before_keeps_its_model_and_the_demo_says_so()
    {
        await fixture.Client.AddAsync("default", "mine", Pictures.Png(1));
        CollectionResponse before = (await fixture.Client.GetAsync("/collections/default")).Read<CollectionResponse>();

        string first = await RunAsync();
        string second = await RunAsync();

        Assert.Contains("Indexed 2,000 pictures.", first, StringComparison.Ordinal);
        Assert.Contains("All pictures of the demo were there already.", second, StringComparison.Ordinal);
        Assert.All([first, second], output =>
        {
            Assert.Contains("Collection 'default' was made under model hash-64 before and stays as it is.", output, StringComparison.Ordinal);
            Assert.DoesNotContain("P@10", output, StringComparison.Ordinal);
            Assert.Contains("curl -F image=@", output, StringComparison.Ordinal);
        });
        CollectionResponse after = (await fixture.Client.GetAsync("/collections/default")).Read<CollectionResponse>();
        Assert.Equal((before.Generation, 2001), (after.Generation, after.Pictures));
        Assert.Equal(["default"], (await fixture.Client.GetAsync("/collections")).Read<CollectionList>().Items.Select(collection => collection.Name));
    }

    private async Task<string> RunAsync()
    {
        using var output = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        console.Profile.Width = 1000;
        using var client = new HttpClient { BaseAddress = fixture.Service.Address };
        await new DemoRunner(client, fixture.Service.Services.GetRequiredService<ServiceState>(), fixture.Database.DataFolder, console)
            .RunAsync(TestContext.Current.CancellationToken);
        return output.ToString();
    }
}

public sealed class OldDemoTests_Postgres(PostgresService fixture) : OldDemoTests(fixture), IClassFixture<PostgresService>;

public sealed class OldDemoTests_Sqlite(SqliteService fixture) : OldDemoTests(fixture), IClassFixture<SqliteService>;
