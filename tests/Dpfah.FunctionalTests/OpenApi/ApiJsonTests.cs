using Dpfah.Api.Http;
using Dpfah.FunctionalTests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Dpfah.FunctionalTests.OpenApi;

public sealed class ApiJsonTests(SqliteService fixture) : IClassFixture<SqliteService>
{
    [Fact]
    public void Every_body_and_answer_is_read_and_written_by_generated_code()
    {
        EndpointMetadataCollection[] endpoints = [.. fixture.Service.Services.GetRequiredService<EndpointDataSource>().Endpoints.Select(e => e.Metadata)];
        Type[] types =
        [
            .. endpoints.SelectMany(metadata => metadata.OfType<IProducesResponseTypeMetadata>().Select(one => one.Type)
                .Concat(metadata.OfType<IAcceptsMetadata>().Select(one => one.RequestType)))
                .OfType<Type>().Where(type => type.Assembly == typeof(ApiJson).Assembly).Distinct(),
        ];

        Assert.True(types.Length > 30, $"Only {types.Length} types were found.");
        Assert.DoesNotContain(types, type => ApiJson.Default.GetTypeInfo(type) is null);
    }
}
