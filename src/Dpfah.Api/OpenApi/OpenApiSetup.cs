using Microsoft.OpenApi;

namespace Dpfah.Api.OpenApi;

/// <summary>The OpenAPI document, written by ASP.NET Core, and Swagger UI on it.</summary>
internal static class OpenApiSetup
{
    private const string SecurityScheme = "apiKey";
    private const string Labels = "labels";

    public static IServiceCollection AddDpfahOpenApi(this IServiceCollection services, string pathBase) =>
        services.AddOpenApi("v1", options =>
        {
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "Dpfah",
                    Version = "v1",
                    Description = "Search a catalogue of pictures by picture. Pictures are hashed by a deep network into short binary codes, "
                        + "and found by Hamming distance: exactly, and in a total order.",
                };
                document.Servers = pathBase.Length == 0 ? [] : [new OpenApiServer { Url = pathBase }];
                document.Components ??= new OpenApiComponents();
                document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
                {
                    [SecurityScheme] = new OpenApiSecurityScheme
                    {
                        Type = SecuritySchemeType.Http,
                        Scheme = "bearer",
                        Description = "An API key. Not needed where the service runs without keys, on its own machine.",
                    },
                };
                document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SecurityScheme, document)] = [] }];
                return Task.CompletedTask;
            });
            options.AddOperationTransformer((operation, context, _) =>
            {
                // A list in the query may always be left out; handlers that are generated tell of each as required.
                foreach (OpenApiParameter list in operation.Parameters?.OfType<OpenApiParameter>()
                    .Where(p => p.In == ParameterLocation.Query && p.Schema?.Type?.HasFlag(JsonSchemaType.Array) == true) ?? [])
                {
                    list.Required = false;
                }

                if (context.Description.ActionDescriptor.EndpointMetadata.OfType<PictureBodyMetadata>().FirstOrDefault() is { } picture)
                {
                    IDictionary<string, OpenApiMediaType>? others = operation.RequestBody?.Content;
                    OpenApiRequestBody body = PictureBodyOf(picture);
                    foreach ((string type, OpenApiMediaType media) in others ?? new Dictionary<string, OpenApiMediaType>())
                    {
                        body.Content!.TryAdd(type, media);
                    }

                    operation.RequestBody = body;
                }

                if (context.Description.ActionDescriptor.EndpointMetadata.OfType<StreamBodyMetadata>().FirstOrDefault() is { } stream)
                {
                    operation.RequestBody = new OpenApiRequestBody
                    {
                        Required = true,
                        Content = stream.ContentTypes.ToDictionary(
                            type => type,
                            _ => new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } }),
                    };
                }

                return Task.CompletedTask;
            });
        });

    public static void MapDpfahOpenApi(this WebApplication app)
    {
        app.MapOpenApi("/openapi/v1.json").AllowAnonymous();
        app.UseSwaggerUI(options =>
        {
            options.SwaggerEndpoint("../openapi/v1.json", "Dpfah v1");
            options.DocumentTitle = "Dpfah API";
            options.EnableTryItOutByDefault();
            options.DisplayRequestDuration();
        });
    }

    private static OpenApiRequestBody PictureBodyOf(PictureBodyMetadata picture)
    {
        bool single = picture.MaxImages == 1;
        var file = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary", Description = "JPEG, PNG, WebP, GIF or BMP, at most 20 MiB and 40 megapixels." };
        var form = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["image"] = single ? file : new OpenApiSchema { Type = JsonSchemaType.Array, Items = file, Description = picture.MaxImages == 2 ? "One or two pictures." : $"1 to {picture.MaxImages} pictures." },
            },
        };
        foreach (string field in picture.Fields)
        {
            form.Properties[field] = FieldOf(field);
        }

        // Without encodings, generators of clients take the form for one object.
        var encodings = new Dictionary<string, OpenApiEncoding> { ["image"] = new() { ContentType = "image/jpeg, image/png, image/webp, image/gif, image/bmp" } };
        if (picture.Fields.Contains(Labels))
        {
            // One field a label, not one field with a comma in it.
            encodings[Labels] = new() { Style = ParameterStyle.Form, Explode = true };
        }

        var body = new OpenApiRequestBody
        {
            Content = new Dictionary<string, OpenApiMediaType> { ["multipart/form-data"] = new() { Schema = form, Encoding = encodings } },
        };
        if (single)
        {
            body.Content["application/octet-stream"] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } };
        }

        return body;
    }

    private static OpenApiSchema FieldOf(string name) => name switch
    {
        "id" => new OpenApiSchema { Type = JsonSchemaType.String, Description = "1 to 256 printable characters.", Examples = ["shoes/0001.jpg"] },
        Labels => new OpenApiSchema
        {
            Type = JsonSchemaType.Array,
            Items = new OpenApiSchema { Type = JsonSchemaType.String, Examples = ["sneaker"] },
            Description = "One field a label.",
        },
        _ => new OpenApiSchema { Type = JsonSchemaType.String, Description = "A JSON object.", Examples = ["{\"colour\": \"red\"}"] },
    };
}
