using System.Net;
using Dpfah.Client;
using Dpfah.Client.Models;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.Kiota.Abstractions;

namespace Dpfah.FunctionalTests.TypedClient;

/// <summary>The generated client against a service that runs.</summary>
public sealed class ClientTests(SqliteService fixture) : IClassFixture<SqliteService>
{
    [Fact]
    public async Task A_picture_goes_in_and_is_found_by_typed_calls()
    {
        using var connection = new DpfahConnection(fixture.Service.Address);
        DpfahClient client = connection.Client;
        await client.Collections["typed"].PutAsync(new PutCollectionRequest());
        var form = new MultipartBody();
        form.AddOrReplacePart("image", "image/png", Pictures.Png(3), "3.png");
        form.AddOrReplacePart("labels", "text/plain", "three");
        ImageResponse? stored = await client.Collections["typed"].Images["a/3"].PutAsync(form);

        var query = new MultipartBody();
        query.AddOrReplacePart("image", "image/png", Pictures.Png(3), "3.png");
        SearchResponse? found = await client.Search.PostAsync(
            query, request => (request.QueryParameters.Collection, request.QueryParameters.K, request.QueryParameters.MinPosition) = (["typed"], 5, stored!.Position));

        Hit hit = Assert.Single(found!.Hits!);
        Assert.Equal(("a/3", 0, "three"), (hit.Id, hit.Distance, Assert.Single(hit.Labels!)));
    }

    [Fact]
    public async Task A_refusal_is_thrown_with_the_words_of_the_service()
    {
        using var connection = new DpfahConnection(fixture.Service.Address);

        ProblemDetails problem = await Assert.ThrowsAsync<ProblemDetails>(() => connection.Client.Collections["nowhere"].GetAsync());

        Assert.Equal((int)HttpStatusCode.NotFound, problem.ResponseStatusCode);
        Assert.Contains("'nowhere'", problem.Detail, StringComparison.Ordinal);
    }
}
