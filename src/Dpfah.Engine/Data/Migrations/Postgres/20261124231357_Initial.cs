using System;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Dpfah.Engine.Data.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "backbones",
                columns: table => new
                {
                    digest = table.Column<string>(type: "text", nullable: false),
                    file = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_backbones", x => x.digest);
                });

            migrationBuilder.CreateTable(
                name: "changes",
                columns: table => new
                {
                    seq = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    xid = table.Column<ulong>(type: "xid8", nullable: false, defaultValueSql: "pg_current_xact_id()"),
                    collection_id = table.Column<int>(type: "integer", nullable: false),
                    generation_id = table.Column<int>(type: "integer", nullable: false),
                    item_number = table.Column<long>(type: "bigint", nullable: false),
                    kind = table.Column<short>(type: "smallint", nullable: false),
                    digest_delta = table.Column<long>(type: "bigint", nullable: false),
                    count_delta = table.Column<int>(type: "integer", nullable: false),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_changes", x => x.seq);
                });

            migrationBuilder.CreateTable(
                name: "collections",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    name = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false, collation: "C"),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    deleted_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_collections", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "database_info",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false),
                    epoch = table.Column<int>(type: "integer", nullable: false),
                    system_identifier = table.Column<string>(type: "text", nullable: false),
                    trimmed_below = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_database_info", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "models",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    name = table.Column<string>(type: "text", nullable: false),
                    digest = table.Column<string>(type: "text", nullable: false),
                    backbone_digest = table.Column<string>(type: "text", nullable: false),
                    head = table.Column<byte[]>(type: "bytea", nullable: false),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_models", x => x.id);
                    table.ForeignKey(
                        name: "FK_models_backbones_backbone_digest",
                        column: x => x.backbone_digest,
                        principalTable: "backbones",
                        principalColumn: "digest",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "items",
                columns: table => new
                {
                    number = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    collection_id = table.Column<int>(type: "integer", nullable: false),
                    public_id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    labels = table.Column<string[]>(type: "text[]", nullable: false),
                    metadata = table.Column<string>(type: "text", nullable: true),
                    content_digest = table.Column<byte[]>(type: "bytea", nullable: false),
                    version = table.Column<long>(type: "bigint", nullable: false),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    updated_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_items", x => x.number);
                    table.ForeignKey(
                        name: "FK_items_collections_collection_id",
                        column: x => x.collection_id,
                        principalTable: "collections",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "generations",
                columns: table => new
                {
                    id = table.Column<int>(type: "integer", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    collection_id = table.Column<int>(type: "integer", nullable: false),
                    model_id = table.Column<int>(type: "integer", nullable: false),
                    decoder = table.Column<string>(type: "text", nullable: false),
                    arithmetic = table.Column<string>(type: "text", nullable: false),
                    is_active = table.Column<bool>(type: "boolean", nullable: false),
                    created_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    trimmed_digest = table.Column<long>(type: "bigint", nullable: false),
                    trimmed_count = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_generations", x => x.id);
                    table.ForeignKey(
                        name: "FK_generations_collections_collection_id",
                        column: x => x.collection_id,
                        principalTable: "collections",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                    table.ForeignKey(
                        name: "FK_generations_models_model_id",
                        column: x => x.model_id,
                        principalTable: "models",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "previews",
                columns: table => new
                {
                    item_number = table.Column<long>(type: "bigint", nullable: false),
                    jpeg = table.Column<byte[]>(type: "bytea", nullable: false),
                    width = table.Column<int>(type: "integer", nullable: false),
                    height = table.Column<int>(type: "integer", nullable: false),
                    decoder = table.Column<string>(type: "text", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_previews", x => x.item_number);
                    table.ForeignKey(
                        name: "FK_previews_items_item_number",
                        column: x => x.item_number,
                        principalTable: "items",
                        principalColumn: "number",
                        onDelete: ReferentialAction.Cascade);
                });

            // Previews are JPEG: compressing them again costs time and gains nothing.
            migrationBuilder.Sql("ALTER TABLE previews ALTER COLUMN jpeg SET STORAGE EXTERNAL");

            migrationBuilder.CreateTable(
                name: "codes",
                columns: table => new
                {
                    generation_id = table.Column<int>(type: "integer", nullable: false),
                    item_number = table.Column<long>(type: "bigint", nullable: false),
                    code = table.Column<byte[]>(type: "bytea", nullable: false),
                    signature = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_codes", x => new { x.generation_id, x.item_number });
                    table.ForeignKey(
                        name: "FK_codes_generations_generation_id",
                        column: x => x.generation_id,
                        principalTable: "generations",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Restrict);
                    table.ForeignKey(
                        name: "FK_codes_items_item_number",
                        column: x => x.item_number,
                        principalTable: "items",
                        principalColumn: "number",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_changes_xid_seq",
                table: "changes",
                columns: new[] { "xid", "seq" });

            migrationBuilder.CreateIndex(
                name: "IX_codes_item_number",
                table: "codes",
                column: "item_number");

            migrationBuilder.CreateIndex(
                name: "IX_collections_name",
                table: "collections",
                column: "name",
                unique: true,
                filter: "deleted_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_generations_model_id",
                table: "generations",
                column: "model_id");

            migrationBuilder.CreateIndex(
                name: "ix_generations_active",
                table: "generations",
                column: "collection_id",
                unique: true,
                filter: "is_active");

            migrationBuilder.CreateIndex(
                name: "IX_items_collection_id_number",
                table: "items",
                columns: new[] { "collection_id", "number" });

            migrationBuilder.CreateIndex(
                name: "IX_items_collection_id_public_id",
                table: "items",
                columns: new[] { "collection_id", "public_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_models_backbone_digest",
                table: "models",
                column: "backbone_digest");

            migrationBuilder.CreateIndex(
                name: "IX_models_name",
                table: "models",
                column: "name",
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "changes");

            migrationBuilder.DropTable(
                name: "codes");

            migrationBuilder.DropTable(
                name: "database_info");

            migrationBuilder.DropTable(
                name: "previews");

            migrationBuilder.DropTable(
                name: "generations");

            migrationBuilder.DropTable(
                name: "items");

            migrationBuilder.DropTable(
                name: "models");

            migrationBuilder.DropTable(
                name: "collections");

            migrationBuilder.DropTable(
                name: "backbones");
        }
    }
}
