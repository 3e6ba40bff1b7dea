using System.Net;
using System.Text.Json;
using Dpfah.Api.Collections;
using Dpfah.Api.Images;
using Dpfah.Api.Search;
using Dpfah.Core.Codes;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Search;

namespace Dpfah.FunctionalTests.Health;

/// <summary>What a collection tells of its codes, and searches by confidence.</summary>
public abstract class CodeHealthTests(ServiceFixture fixture)
{
    private readonly ApiClient client = fixture.Client;

    [Fact]
    public async Task A_collection_tells_how_its_codes_use_their_bits()
    {
        SharedPictures filled = await fixture.FilledAsync();
        BinaryCode[] codes = [.. filled.Images.Select(image => Parse(image.Code))];

        CodeHealthResponse health = await HealthAsync(filled.Name, health => health.Pictures == SharedPictures.Count);

        Assert.Equal(Enumerable.Range(0, 64).Select(bit => Math.Round(codes.Average(code => code[bit] ? 1.0 : 0), 4)), health.Balance);
        Assert.All(health.Balance.Zip(health.Entropy), bit => Assert.Equal(bit.First is 0 ? 0 : -((bit.First * Math.Log2(bit.First)) + ((1 - bit.First) * Math.Log2(1 - bit.First))), bit.Second, 1e-3));
        Assert.Equal(codes.Distinct().Count(), health.DistinctCodes);
        Assert.Equal(codes.GroupBy(code => code).Max(group => group.Count()), health.LargestGroup);
        Assert.All(health.Correlation.Bits, bit => Assert.InRange(bit, 0, 7));
        Assert.InRange(Math.Abs(health.Correlation.Largest), health.Correlation.Mean, 0.4);
        Assert.InRange(health.ComputedAt, DateTime.UtcNow.AddMinutes(-10), DateTime.UtcNow);
        Assert.Equal(filled.Images.Count(image => image.Labels.Count > 0), health.SameLabel!.LabelledPictures);
        Assert.Equal(health.SameLabel.LabelledPictures, health.SameLabel.FittedPictures + health.SameLabel.TestedPictures);
    }

    [Fact]
    public async Task A_search_by_confidence_goes_as_far_as_the_labels_bear_it_out()
    {
        // The label is the code's highest bit that varies: pictures d bits apart share it with a probability of 1 - d / 8.
        SharedPictures filled = await fixture.FilledAsync();
        string name = await client.CreateCollectionAsync();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 240),
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (n, _) => await client.AddAsync(
                name, $"p{n}", SharedPictures.Picture(n), [Parse(filled.Images.Single(image => image.Id == $"p{n}").Code)[7] ? "high" : "low"]));
        CodeHealthResponse health = await HealthAsync(name, health => health.Pictures == 240 && health.SameLabel is not null);
        List<ImageResponse> images = await client.ListAsync(name);
        SameLabelResponse same = health.SameLabel!;

        Assert.Equal((240L, 240), (same.LabelledPictures, same.FittedPictures + same.TestedPictures));
        Assert.Equal(same.FittedPictures * (same.FittedPictures - 1L) / 2, same.FittedPairs);
        Assert.Equal(same.TestedPairs, same.Reliability.Sum(bin => bin.Pairs));
        Assert.Equal(65, same.Probability.Count);
        // Pairs at distance 0 are few and are fitted together with those at 1.
        Assert.All(Enumerable.Range(0, 7), d => Assert.Equal(1 - (d / 8.0), same.Probability[d], 0.2));
        Assert.True(same.CalibrationError < 0.1, $"{same.CalibrationError}");

        foreach (double confidence in (double[])[0.75, 0.4])
        {
            int radius = same.Probability.Count(probability => probability >= confidence) - 1;
            ImageResponse query = images[(int)(confidence * 100)];
            string parameters = $"k=1000&confidence={confidence}&collection={name}";
            SearchResponse byCode = (await client.SearchCodeAsync(
                new SearchByCodeRequest(query.Code, query.Signature, name), $"?k=1000&confidence={confidence}")).Read<SearchResponse>();
            SearchResponse byPicture = await client.FindAsync(SharedPictures.Picture(int.Parse(query.Id[1..])), "?" + parameters);
            SearchResponse similar = (await client.GetAsync($"{ApiClient.ImagePath(name, query.Id)}/similar?k=1000&confidence={confidence}")).Read<SearchResponse>();
            SearchBatchResponse batch = (await client.SendJsonAsync(
                HttpMethod.Post, "/search/batch?" + parameters, $"{{\"queries\":[{{\"id\":\"{query.Id}\"}}]}}")).Read<SearchBatchResponse>();

            Assert.Equal(radius, byCode.Ranking.Radius);
            NaiveRanking.AssertFirstPage(NaiveRanking.Rank(images, query.Code, query.Signature, radius, []), 1000, byCode);
            Assert.Equal(byCode.Hits.Select(hit => hit.Id), byPicture.Hits.Select(hit => hit.Id));
            Assert.Equal(byCode.Hits.Select(hit => hit.Id), [query.Id, .. similar.Hits.Select(hit => hit.Id)]);
            Assert.Equal(similar.Hits.Select(hit => hit.Id), batch.Outcomes[0].Result!.Hits.Select(hit => hit.Id));
            Assert.Equal((radius, radius), (byPicture.Ranking.Radius, similar.Ranking.Radius));
        }

        // The next page keeps the radius that was taken.
        SearchResponse first = (await client.SearchCodeAsync(new SearchByCodeRequest(images[0].Code, null, name), "?k=3&confidence=0.6")).Read<SearchResponse>();
        SearchResponse second = (await client.SendAsync(HttpMethod.Post, $"/search/code?cursor={first.NextCursor}")).Read<SearchResponse>();
        Assert.Equal(first.Ranking.Radius, second.Ranking.Radius);
        (await client.SendAsync(HttpMethod.Post, $"/search/code?confidence=0.6&cursor={first.NextCursor}")).ReadBadParameter();
    }

    [Fact]
    public async Task Without_labels_there_is_no_confidence()
    {
        string name = await client.CreateCollectionAsync();
        Answer before = await client.SearchAsync(SharedPictures.Picture(0), $"?confidence=0.5&collection={name}");
        for (int n = 0; n < 5; n++)
        {
            await client.AddAsync(name, $"p{n}", SharedPictures.Picture(n));
        }

        Problem problem = (await client.SearchAsync(SharedPictures.Picture(0), $"?confidence=0.5&collection={name}")).ReadProblem(HttpStatusCode.Conflict, "no-confidence");

        Assert.Equal("confidence", problem.Parameter);
        Assert.Contains("labelled pictures", problem.Detail, StringComparison.Ordinal);
        before.ReadProblem(HttpStatusCode.Conflict, "no-confidence");
        Assert.Null((await HealthAsync(name, health => health.Pictures == 5)).SameLabel);
    }

    [Fact]
    public async Task A_confidence_that_no_distance_reaches_is_told()
    {
        // The labels of the shared pictures have nothing to do with their codes.
        SharedPictures filled = await fixture.FilledAsync();
        Problem problem = (await client.SearchAsync(SharedPictures.Picture(0), $"?confidence=0.99&collection={filled.Name}"))
            .ReadProblem(HttpStatusCode.Conflict, "confidence-not-reached");

        Assert.Equal("confidence", problem.Parameter);
        Assert.Equal(64, (await client.FindAsync(SharedPictures.Picture(0), $"?confidence=0.1&collection={filled.Name}")).Ranking.Radius);
    }

    [Fact]
    public async Task Health_follows_the_collection()
    {
        string name = await client.CreateCollectionAsync();
        Assert.Equal(0, (await HealthAsync(name, _ => true)).Pictures);
        await client.AddAsync(name, "a", SharedPictures.Picture(1));
        Assert.Equal((1L, 1L), Counts(await HealthAsync(name, health => health.Pictures == 1)));
        await client.AddAsync(name, "b", SharedPictures.Picture(1));
        Assert.Equal((1L, 2L), Counts(await HealthAsync(name, health => health.Pictures == 2)));
        await client.DeleteAsync(ApiClient.ImagePath(name, "a"));
        Assert.Equal((1L, 1L), Counts(await HealthAsync(name, health => health.Pictures == 1)));
    }

    private static (long Distinct, long Largest) Counts(CodeHealthResponse health) => (health.DistinctCodes, health.LargestGroup);

    private static BinaryCode Parse(string hex) => BinaryCode.TryParseHex(hex, out BinaryCode code) ? code : throw new FormatException(hex);

    private async Task<CodeHealthResponse> HealthAsync(string collection, Func<CodeHealthResponse, bool> isWanted) => (await Eventually.BecomesAsync(
        async () => (await client.GetAsync($"/collections/{collection}")).Read<CollectionResponse>().Health,
        health => health is not null && isWanted(health),
        health => JsonSerializer.Serialize(health)))!;
}

public sealed class CodeHealthTests_Postgres(PostgresService fixture) : CodeHealthTests(fixture), IClassFixture<PostgresService>;

public sealed class CodeHealthTests_Sqlite(SqliteService fixture) : CodeHealthTests(fixture), IClassFixture<SqliteService>;
